/** Copies the database while servers use it: `npm run db:backup -- FILE`. */
import { parseArgs } from 'node:util';
import { loadConfig, readEnvironment } from '../config/load.ts';
import { backupDatabase } from '../storage/sqlite/backup.ts';

const USAGE = `Usage: npm run db:backup -- FILE

Copies the database of DATABASE_URL to FILE, also while servers use it, and checks the copy.
FILE must not exist; a relative one is relative to the project's folder.
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
    await backupDatabase(DATABASE_URL, file, onSignal());
    process.stdout.write(`${DATABASE_URL} is backed up to ${file}\n`);
  }
}

/** Aborted at the first signal to end, so that half a copy is cleared away. */
function onSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => controller.abort(new Error(name)));
  return controller.signal;
}

run().catch((error) => {
  process.stderr.write(`no backup is made: ${error.message}\n`);
  process.exitCode = 1;
});
