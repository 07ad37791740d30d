import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { openSqliteFile } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { BUNDLE, startServer } from '../../testing/server-process.ts';

const hasStrace = spawnSync('strace', ['-V']).error === undefined;

it.skipIf(!hasStrace)('sends the 201 of a ticket only after the fsync of its commit (needs strace)', async () => {
  const folder = temporaryFolder();
  const calls = `${folder}/calls`;
  const strace = ['strace', '-f', '-y', '-s', '32', '-e', 'trace=pwrite64,fsync,fdatasync,write,writev', '-o', calls];
  const { exit, output, post } = await startServer({}, folder, { command: [...strace, ...BUNDLE] });
  for (let i = 0; i < 5; i += 1) expect((await post('/tickets', { raw_text: 'alone' })).status).toBe(201);
  await Promise.all(Array.from({ length: 50 }, () => post('/tickets', { raw_text: 'together' })));
  process.kill(Number(/"pid":(\d+)/.exec(output.text)?.[1]), 'SIGTERM'); // not strace's pid
  await exit;

  let isOnDisk = false;
  let answers = 0;
  for (const call of readFileSync(calls, 'utf8').split('\n')) {
    if (/pwrite64\(\d+<[^>]*app\.db-wal>/.test(call)) isOnDisk = false;
    if (/f(?:data)?sync(?:\(\d+<[^>]*app\.db-wal>\)| resumed)/.test(call)) isOnDisk = true;
    if (!call.includes('HTTP/1.1 201')) continue;
    expect(isOnDisk).toBe(true);
    answers += 1;
    if (answers <= 5) isOnDisk = false; // each of the first 5 has its own commit
  }
  expect(answers).toBe(55);
});

/** A file system of 1 MiB; undefined if none can be mounted. */
function smallDisk(): string | undefined {
  const folder = temporaryFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status !== 0) return undefined;
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

it('answers writes with 503 on a full disk, loses nothing, and recovers (needs root)', async ({ skip }) => {
  const disk = smallDisk();
  if (!disk) return skip('cannot mount a file system');
  const { post, url } = await startServer({ DATABASE_URL: `${disk}/app.db` }, temporaryFolder());
  const create = (raw_text: string) => post('/tickets', { raw_text });
  const acknowledged: number[] = [];
  expect((await create('before')).status).toBe(201);
  try {
    writeFileSync(`${disk}/ballast`, Buffer.alloc(1024 * 1024));
  } catch {
    // the disk is full now
  }
  const answers = await Promise.all(Array.from({ length: 200 }, () => create('x'.repeat(10_000))));
  for (const answer of answers) if (answer.ok) acknowledged.push(((await answer.json()) as { id: number }).id);
  const refused = answers.filter(({ status }) => status !== 201);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.json()).toMatchObject({ code: 'storage_unavailable' });
  }
  expect((await fetch(`${url}/tickets/1`)).status).toBe(200);

  rmSync(`${disk}/ballast`);
  expect((await create('after')).status).toBe(201);
  const sqlite = openSqliteFile(`${disk}/app.db`);
  expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  const stored = sqlite.prepare('SELECT id FROM tickets').pluck().all();
  expect(stored).toEqual(expect.arrayContaining(acknowledged));
  expect(stored).toHaveLength(acknowledged.length + 2);
});
