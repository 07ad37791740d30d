import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { HAS_POSTGRES, startPrivatePostgres } from '../testing/postgres.ts';
import { type Behaviour, completed, OUTPUT } from '../testing/provider.ts';
import { json, startServers } from '../testing/servers.ts';

describe.skipIf(!HAS_POSTGRES)('a server whose PostgreSQL crashes while the provider answers', () => {
  it('answers 503 during the outage, and stores the answer that has been paid for afterwards', async () => {
    const postgres = await startPrivatePostgres();
    const { provider, servers } = await startServers(1, { DATABASE_URL: postgres.url });
    const [{ url, post }] = servers;
    const create = () => post('/tickets', { raw_text: 'x' });
    const getReadiness = () => fetch(`${url}/ready`);
    await create();
    const answer = Promise.withResolvers<Behaviour>();
    provider.respond(() => answer.promise);
    const processed = post('/tickets/1/process');
    await expect.poll(() => provider.requests.length).toBe(1);

    await postgres.stop();
    answer.resolve(completed());
    await expect.poll(async () => (await getReadiness()).status).toBe(503);
    expect(await json(getReadiness())).toMatchObject({ code: 'not_ready', detail: 'database_read' });
    const refused = await create();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await json(refused)).toMatchObject({ code: 'storage_unavailable' });

    await postgres.start();
    const response = await processed;
    expect(response.status).toBe(200);
    const result = await json(response);
    expect(result).toMatchObject({ ...OUTPUT, ticket_id: 1 });
    await expect.poll(async () => (await create()).status).toBe(201);
    await expect.poll(async () => (await getReadiness()).status).toBe(200);
    expect(await json(fetch(`${url}/tickets/1/result`))).toEqual(result);
    expect(provider.requests).toHaveLength(1);
    const client = new pg.Client(postgres.url);
    await client.connect();
    const { rows } = await client.query(
      'SELECT count(*)::int AS runs, (SELECT count(*)::int FROM results) AS results FROM runs',
    );
    await client.end();
    expect(rows).toEqual([{ runs: 1, results: 1 }]);
  });
});

describe.skipIf(!HAS_POSTGRES)('a server whose PostgreSQL does not answer', () => {
  it('exits with 0 after a SIGTERM without waiting for PostgreSQL, and its run can be repeated', async () => {
    const postgres = await startPrivatePostgres();
    const { provider, servers, start } = await startServers(1, {
      DATABASE_URL: postgres.url,
      SHUTDOWN_GRACE_MS: '100',
    });
    const [{ child, exit, output, post }] = servers;
    await post('/tickets', { raw_text: 'x' });
    provider.respond(() => () => {});
    const interrupted = post('/tickets/1/process').catch(() => 'connection lost');
    await expect.poll(() => provider.requests.length).toBe(1);

    const resume = await postgres.pause();
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(output.text).toMatch('not everything could be released in time');
    await interrupted;

    resume();
    provider.respond(completed());
    const other = await start();
    expect(await json(other.post('/tickets/1/process'))).toMatchObject(OUTPUT);
  });
});
