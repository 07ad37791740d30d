import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openSqliteFile } from '../testing/database.ts';
import { listen, startService } from '../testing/service.ts';
import { connectTo } from '../testing/socket.ts';

describe('GET /health', () => {
  it('returns 200', async () => {
    const { app } = await startService();
    const response = await app.inject('/health');
    expect([response.statusCode, response.json()]).toEqual([200, { ok: true }]);
  });
});

describe('GET /ready', () => {
  it('returns 200 if the database can be read and written', async () => {
    const { app } = await startService();
    const response = await app.inject('/ready');
    expect([response.statusCode, response.json()]).toEqual([200, { ready: true }]);
  });

  it('returns 503 if the database cannot be read', async () => {
    const { app, database } = await startService();
    openSqliteFile(database).exec('PRAGMA foreign_keys = OFF; DROP TABLE tickets');
    expect((await app.inject('/ready')).json()).toMatchObject({
      status: 503,
      code: 'not_ready',
      detail: 'database_read',
    });
  });

  it('returns 503 while the database cannot be written', async () => {
    const { app, database } = await startService();
    const isReady = () => app.inject('/ready').then((response) => response.statusCode);
    const post = () => app.inject({ method: 'POST', url: '/tickets', payload: { raw_text: 'x' } });
    const other = openSqliteFile(database);
    other.exec('BEGIN IMMEDIATE');
    expect((await post()).json()).toMatchObject({ status: 503, code: 'storage_unavailable' });
    expect((await app.inject('/ready')).json()).toMatchObject({ status: 503, detail: 'database_write' });
    other.exec('ROLLBACK');
    expect((await post()).statusCode).toBe(201);
    await expect.poll(isReady, { timeout: 10_000 }).toBe(200);
  });

  it('returns 503 during the shutdown', async () => {
    const { app, url } = await listen();
    const socket = connectTo(url);
    socket.write('GET /ready HTTP/1.1\r\n');
    await once(app.server, 'connection');
    await sleep(50);
    const closing = app.close();
    socket.write('Host: localhost\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 503 .*"detail":"shutdown"/s);
    await closing;
  });
});
