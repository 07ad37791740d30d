import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError, StartupError } from '../../errors.ts';
import { damageTickets } from '../../testing/damage.ts';
import { openSqliteFile, openTestStorage } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { openService } from '../../testing/open-service.ts';
import { startServer } from '../../testing/server-process.ts';
import { openSqlite } from './client.ts';

const TICKETS = 1000;

/** A database file with tickets whose text must not appear in any output. */
function createDatabase(): string {
  const { path, storage } = openTestStorage();
  storage.close();
  const sqlite = openSqliteFile(path);
  const insert = sqlite.prepare("INSERT INTO tickets (source, raw_text) VALUES ('web', ?)");
  sqlite.transaction(() => {
    for (let n = 0; n < TICKETS; n += 1) insert.run(`canary ${n} ${'x'.repeat(500)}`);
  })();
  sqlite.close();
  return path;
}

function overwrite(path: string, offset: number, text: string): void {
  const bytes = readFileSync(path);
  bytes.write(text, offset);
  writeFileSync(path, bytes);
}

const ADVICE = 'stop every server that uses it and restore a backup (docs/operations.md)';
const DAMAGED = `it is damaged; ${ADVICE}`;
const NO_DATABASE = `it is not a SQLite database, or it is damaged; if it was one, ${ADVICE}`;

describe('openSqlite', () => {
  it.each([
    ['half of the file is missing', (path: string) => truncateSync(path, statSync(path).size / 2), DAMAGED],
    ['the last page is missing', (path: string) => truncateSync(path, statSync(path).size - 4096), DAMAGED],
    ['the last page is cut off', (path: string) => truncateSync(path, statSync(path).size - 1), DAMAGED],
    ['the list of tables is overwritten', (path: string) => overwrite(path, 100, 'canary '.repeat(500)), DAMAGED],
    ['the header is overwritten', (path: string) => overwrite(path, 0, 'canary '.repeat(10)), NO_DATABASE],
  ])('throws a StartupError that says what to do if %s', (_name, harm, reason) => {
    const path = createDatabase();
    harm(path);
    expect(() => openSqlite(path)).toThrow(new StartupError(`DATABASE_URL: cannot use ${path}: ${reason}`));
  });
});

describe('the start of the server', () => {
  it('succeeds on a file whose newest pages are only in the -wal file of a killed server', async () => {
    const path = createDatabase();
    const size = statSync(path).size;
    const first = await startServer({ DATABASE_URL: path }, temporaryFolder());
    const created = await first.post('/tickets', { raw_text: 'x'.repeat(20_000) });
    expect(created.status).toBe(201);
    first.child.kill('SIGKILL');
    await first.exit;
    expect(statSync(path).size).toBe(size);
    const { url } = await startServer({ DATABASE_URL: path }, temporaryFolder());
    expect((await fetch(`${url}/tickets/${TICKETS + 1}`)).status).toBe(200);
  });
});

describe('a damaged page', () => {
  it('makes reads fail with storage_unavailable and the cause', async () => {
    const path = createDatabase();
    damageTickets(path);
    const { storage } = openTestStorage({}, path);
    const reads = Array.from({ length: TICKETS }, (_, i) => storage.tickets.findById(i + 1));
    const failed = (await Promise.allSettled(reads)).filter((outcome) => outcome.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed) {
      expect(reason).toBeInstanceOf(AppError);
      const details = {
        cause: 'database disk image is malformed',
        causeCode: expect.stringMatching(/^SQLITE_CORRUPT/),
      };
      expect(reason).toMatchObject({ code: 'storage_unavailable', details });
    }
  });

  it('is 503 storage_unavailable over HTTP, with the cause in the log', async () => {
    const path = createDatabase();
    damageTickets(path);
    const { app, store, log, close } = await openService(dirname(path));
    onTestFinished(close);
    const isReadable = (id: number) =>
      store.tickets.findById(id).then(
        () => true,
        () => false,
      );
    let damaged = 1;
    while (await isReadable(damaged)) damaged += 1;
    expect((await app.inject('/tickets/1')).statusCode).toBe(200);
    const response = await app.inject(`/tickets/${damaged}`);
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ code: 'storage_unavailable' });
    expect(log.join('')).toContain('database disk image is malformed');
    expect(log.join('')).not.toContain('canary');
  });
});
