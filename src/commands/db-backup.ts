import { parseArgs } from 'node:util';
import { redactDatabaseUrl } from '../config/database-url.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { isPostgresUrl } from '../storage/open.ts';
import { backupDatabase } from '../storage/sqlite/backup.ts';

const USAGE = `Usage: npm run db:backup -- FILE

Copies the database of DATABASE_URL to FILE and checks the copy. Servers may keep running.
FILE must not exist. For PostgreSQL it prints the command of pg_dump instead. A relative path is relative to the project's folder.

Exit code: 0 if the backup is complete, otherwise 1.
`;

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  const [file, ...others] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
  } else if (!file || others.length > 0) {
    process.stderr.write(USAGE);
    process.exitCode = 1;
  } else {
    const { DATABASE_URL } = loadConfig({ DATABASE_URL: readEnvironment().DATABASE_URL });
    if (isPostgresUrl(DATABASE_URL)) {
      const dump = `pg_dump --format=custom --file=${file} --dbname='${redactDatabaseUrl(DATABASE_URL)}'`;
      throw new Error(`this command copies SQLite files. For PostgreSQL use:\n${dump}`);
    }
    await backupDatabase(DATABASE_URL, file, abortOnSignal());
    process.stdout.write(`Copied ${DATABASE_URL} to ${file}.\n`);
  }
}

/** Lets the backup remove its unfinished copy before the process ends. */
function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => controller.abort(new Error(name)));
  return controller.signal;
}

run().catch((error) => {
  process.stderr.write(`Backup failed: ${error.message}\n`);
  process.exitCode = 1;
});
