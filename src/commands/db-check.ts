import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { isPostgresUrl } from '../storage/open.ts';
import { findProblems } from '../storage/sqlite/integrity.ts';

const USAGE = `Usage: npm run db:check

Reads the whole database of DATABASE_URL and checks that no page is damaged, that indexes match their tables, and that
every row refers to an existing row. Servers may keep running. docs/operations.md describes how to restore a backup.

Exit code: 0 if the database is sound, 1 if it has problems, 2 if it could not be checked.
`;

function run(): void {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { DATABASE_URL } = loadConfig({ DATABASE_URL: readEnvironment().DATABASE_URL });
  if (isPostgresUrl(DATABASE_URL)) throw new Error('this command checks SQLite files; for PostgreSQL use pg_amcheck');
  if (!existsSync(DATABASE_URL)) throw new Error(`there is no database ${DATABASE_URL}`);
  const problems = findProblems(DATABASE_URL);
  if (problems.length === 0) {
    process.stdout.write(`${DATABASE_URL} is sound.\n`);
  } else {
    process.stderr.write(`${DATABASE_URL} has problems:\n${problems.join('\n')}\n`);
    process.exitCode = 1;
  }
}

try {
  run();
} catch (error) {
  process.stderr.write(`Check failed: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
