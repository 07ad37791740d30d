import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommand } from '../testing/command.ts';
import { openSqliteFile } from '../testing/database.ts';
import { writeEmptyDatabase } from '../testing/empty-database.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { completed } from '../testing/provider.ts';
import { ROOT } from '../testing/server-process.ts';
import { listen } from '../testing/service.ts';

const API_KEY = 'k'.repeat(32);

const run = (args: string[]) => runCommand('batch', temporaryFolder(), args);

describe('npm run batch', () => {
  it('processes the tickets of a filter and reports them', async () => {
    const { create, process, read, url } = await listen();
    for (let n = 0; n < 3; n += 1) await create();
    await process(3);
    const { code, stdout, stderr } = await run(['--status', 'new', '--url', `${url}/`]);
    expect([code, stdout]).toEqual([0, 'Batch 1: 2 succeeded, 0 failed, 0 skipped, 0.0001 dollars\n']);
    expect(stderr).toMatch(/^█{10} 2 of 2, [\d.]+\/s, 0 failed, 0\.0001 dollars, \d+s left$/m);
    expect(await read('/tickets/1')).toMatchObject({ status: 'done' });
  });

  it('shows no time left while the rate is unknown', async () => {
    const { url } = await listen();
    const { code, stderr } = await run(['--all', '--url', url]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/0 of 0, 0\.0\/s, 0 failed, unknown cost, \? left$/m)]);
    expect(stderr).not.toMatch(/s left/);
  });

  it('exits with 1 if a ticket has failed', async () => {
    const { create, provider, url } = await listen();
    await create();
    provider.respond({ status: 400 });
    expect(await run(['--all', '--url', url])).toMatchObject({ code: 1, stdout: expect.stringMatching(/1 failed/) });
  });

  it('sends the API key', async () => {
    const { url } = await listen({ app: { apiKeys: [{ name: 'a', key: API_KEY }] } });
    expect(await run(['--all', '--url', url])).toMatchObject({
      code: 1,
      stderr: 'batch failed: a valid API key is needed\n',
    });
    expect(await run(['--all', '--url', url, '--key', API_KEY])).toMatchObject({ code: 0 });
  });

  it('says what is wrong with a filter, and that there is no server', async () => {
    const { url } = await listen();
    expect((await run(['--url', url, '--status', 'old'])).stderr).toMatch(
      /^batch failed: invalid input: filter\.status\.0 must be one of/,
    );
    expect((await run(['--all', '--url', 'http://127.0.0.1:1'])).stderr).toMatch(/^batch failed: .* does not answer/);
    expect((await run(['--all', '--url', 'localhost:8000'])).stderr).toBe(
      'batch failed: --url must begin with http:// or https://\n',
    );
    expect((await run(['--stat', 'new'])).code).toBe(1);
    expect((await run(['--url', url])).stderr).toMatch('give either a filter or --all');
    expect((await run(['--help'])).stdout).toMatch(/^Usage: npm run batch/);
  });

  it('ends with 1 if the server does not know the batch any more', async () => {
    const database = `${temporaryFolder()}/app.db`;
    writeEmptyDatabase(database);
    const { create, store, url } = await listen({ database, backgroundConcurrency: 0 });
    await create();
    const outcome = run(['--all', '--url', url]);
    await expect.poll(() => store.queuedRuns.count()).toBe(1);
    openSqliteFile(database).exec('DELETE FROM runs; DELETE FROM batches');
    expect(await outcome).toMatchObject({ code: 1, stderr: expect.stringMatching(/^batch failed: batch not found$/m) });
  });

  it('leaves the batch running at Ctrl-C, and says how to watch and to cancel it', async () => {
    const { create, provider, read, url } = await listen();
    await create();
    const { promise, resolve } = Promise.withResolvers<void>();
    provider.respond(async () => {
      await promise;
      return completed();
    });
    const args = ['--all', '--url', `${url}/`, '--key', 'k'];
    const child = spawn(process.execPath, [`${ROOT}src/commands/batch.ts`, ...args], { env: {} });
    onTestFinished(() => void child.kill('SIGKILL'));
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk) => {
        output[name] += chunk;
      });
    }
    await expect.poll(() => output.stderr).toMatch('0 of 1');
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(130);
    expect(output.stdout).toContain(`curl -H "Authorization: Bearer $TICKET_SERVICE_KEY" ${url}/batches/1\n`);
    expect(output.stdout).toContain(`"Authorization: Bearer $TICKET_SERVICE_KEY" -X DELETE ${url}/batches/1\n`);
    resolve();
    await expect.poll(() => read('/batches/1')).toMatchObject({ succeeded: 1 });
  });
});
