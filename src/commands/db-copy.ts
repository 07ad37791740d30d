import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseDatabaseUrl, redactDatabaseUrl } from '../config/database-url.ts';
import { isPostgresUrl, openStorage, openTransfer } from '../storage/open.ts';
import { copyTables, type Transfer } from '../storage/transfer.ts';
import { createProgressBar } from './progress.ts';

const USAGE = `Usage: npm run db:copy -- SOURCE_URL TARGET_URL

Copies all tickets, results, runs, batches, usage and idempotency keys from one database to another, for example
from ./data/app.db to postgres://tickets@db.example/tickets, or back. The URLs have the form of DATABASE_URL.

The source is read at one moment: stop its servers first, because the copy lacks what they write later.
The target must be empty; its tables are created if they are missing. It stays empty if the copy is interrupted or
fails. Both get the migrations that they lack.

Prints the number of rows and a checksum for each table; all were read back from the target.

Exit code: 0 if the copy is complete, otherwise 1.
`;

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  const [source, target, ...others] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
  } else if (!source || !target || others.length > 0) {
    process.stderr.write(USAGE);
    process.exitCode = 1;
  } else {
    await copy(parse('SOURCE_URL', source), parse('TARGET_URL', target));
  }
}

function parse(name: string, url: string): string {
  const parsed = parseDatabaseUrl(url);
  if (parsed === undefined) throw new Error(`${name} must be the path of a SQLite file or a postgres:// URL`);
  return parsed;
}

async function copy(sourceUrl: string, targetUrl: string): Promise<void> {
  if (!isPostgresUrl(sourceUrl) && !existsSync(sourceUrl)) throw new Error(`there is no database ${sourceUrl}`);
  for (const url of [sourceUrl, targetUrl]) await (await openStorage(url)).close(); // applies the migrations
  const source = await openTransfer(sourceUrl, 'source');
  const progress = createProgressBar('{bar} {value} of {total} rows');
  let target: Transfer | undefined;
  try {
    target = await openTransfer(targetUrl, 'target');
    const tables = await copyTables(source, target, (copied, total) => {
      if (!progress.isActive) progress.start(total, 0);
      progress.update(copied);
    });
    progress.stop();
    for (const { table, rows, checksum } of tables) {
      process.stdout.write(`${table.padEnd(18)}${rows.toLocaleString('en').padStart(12)} rows  sha256 ${checksum}\n`);
    }
    process.stdout.write(`Copied ${redactDatabaseUrl(sourceUrl)} to ${redactDatabaseUrl(targetUrl)}.\n`);
  } finally {
    progress.stop(); // its timer would keep the process alive after a failure
    await target?.close();
    await source.close();
  }
}

run().catch((error) => {
  process.stderr.write(`Copy failed: ${error.message}\n`);
  process.exitCode = 1;
});
