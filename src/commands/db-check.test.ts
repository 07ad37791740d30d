import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runBundledCommand, runCommand } from '../testing/command.ts';
import { damageTickets } from '../testing/damage.ts';
import { createDatabaseFolder, openSqliteFile } from '../testing/database.ts';
import { temporaryFolder } from '../testing/folder.ts';

describe('npm run db:check', () => {
  it.each([
    ['from its sources', runCommand],
    ['as a bundle', runBundledCommand],
  ])('%s: exits with 0 for a sound database and leaves no files', async (_name, run) => {
    const folder = createDatabaseFolder(10);
    expect(await run('db-check', folder)).toEqual({ code: 0, stdout: './data/app.db is sound.\n', stderr: '' });
    expect(readdirSync(`${folder}/data`)).toEqual(['app.db']);
  });

  it('reads a database that is in use, with what is still in the -wal file', async () => {
    const folder = createDatabaseFolder(10);
    const server = openSqliteFile(`${folder}/data/app.db`);
    server.exec(
      "PRAGMA foreign_keys = OFF; INSERT INTO runs (id, ticket_id, number, status) VALUES (7, 99, 1, 'running')",
    );
    const { code, stderr } = await runBundledCommand('db-check', folder);
    expect(stderr).toBe('./data/app.db has problems:\nrow 7 of runs refers to a missing row of tickets\n');
    expect(code).toBe(1);
  });

  it('exits with 1 and lists damaged pages', async () => {
    const folder = createDatabaseFolder(1000);
    damageTickets(`${folder}/data/app.db`);
    const { code, stdout, stderr } = await runBundledCommand('db-check', folder);
    expect(stderr).toMatch(/^\.\/data\/app\.db has problems:\n.*Tree \d+ page \d+: .*it is damaged; /s);
    expect([code, stdout]).toEqual([1, '']);
  });

  it('exits with 1 for an index that does not match its table', async () => {
    const folder = createDatabaseFolder(10);
    const sqlite = openSqliteFile(`${folder}/data/app.db`);
    sqlite.unsafeMode();
    sqlite.exec(`PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = 'CREATE INDEX tickets_created_at ON tickets (source)' WHERE name = 'tickets_created_at'`);
    sqlite.close();
    const { code, stderr } = await runBundledCommand('db-check', folder);
    expect(stderr).toContain('row 1 missing from index tickets_created_at');
    expect(code).toBe(1);
  });

  it('exits with 2 and creates nothing if there is no database', async () => {
    const folder = temporaryFolder();
    const stderr = 'Check failed: there is no database ./data/app.db\n';
    expect(await runBundledCommand('db-check', folder)).toEqual({ code: 2, stdout: '', stderr });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('exits with 2 for an argument that it does not know', async () => {
    const { code, stderr } = await runBundledCommand('db-check', temporaryFolder(), ['copy.db']);
    expect(stderr).toMatch(/^Check failed: Unexpected argument 'copy.db'/);
    expect(code).toBe(2);
  });

  it('prints its usage with --help', async () => {
    const stdout = expect.stringMatching(/^Usage: npm run db:check\n/);
    expect(await runBundledCommand('db-check', temporaryFolder(), ['--help'])).toEqual({ code: 0, stdout, stderr: '' });
  });
});
