import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStorage } from '../storage/open.ts';
import { createPostgresDatabase, HAS_POSTGRES, startPrivatePostgres } from './postgres.ts';

async function connect(url: string) {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

describe.skipIf(!HAS_POSTGRES)('createPostgresDatabase', () => {
  it.each(['first', 'second'])('returns an empty database with new ids to the %s test', async () => {
    const { client, url } = await createPostgresDatabase();
    const storage = await openStorage(url);
    onTestFinished(() => storage.close());
    const create = () => storage.tickets.create({ raw_text: 'x', source: 'web' });
    expect([(await create()).id, (await create()).id]).toEqual([1, 2]);
    expect((await client.query('SHOW server_encoding')).rows).toEqual([{ server_encoding: 'UTF8' }]);
  });
});

describe.skipIf(!HAS_POSTGRES)('startPrivatePostgres', () => {
  it('starts a server that can be paused, and restarted without losing a commit', async () => {
    const server = await startPrivatePostgres();
    const client = await connect(server.url);
    await client.query('CREATE TABLE x (y int)');
    const resume = await server.pause();
    const late = client.query('INSERT INTO x VALUES (1)').then(() => 'answered');
    expect(await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 200, 'paused'))])).toBe('paused');
    resume();
    expect(await late).toBe('answered');
    await server.restart();
    await expect(client.query('SELECT 1')).rejects.toThrow();
    expect((await (await connect(server.url)).query('SELECT y FROM x')).rows).toEqual([{ y: 1 }]);
  });
});
