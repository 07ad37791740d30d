import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openSqliteFile } from '../testing/database.ts';
import { startService } from '../testing/service.ts';

test('a server that can read and write its database is ready', async () => {
  const { app } = await startService();
  const response = await app.inject('/ready');
  expect([response.statusCode, response.json()]).toEqual([200, { ready: true }]);
});

test('the check changes nothing in the database', async () => {
  const { app, database } = await startService();
  const version = () => openSqliteFile(database).pragma('user_version', { simple: true });
  openSqliteFile(database).pragma('user_version = 7');
  const before = version();
  await app.inject('/ready');
  expect(version()).toBe(before);
});

test('a server whose database cannot be written is not ready, and says so', async () => {
  const { app, database } = await startService();
  const other = openSqliteFile(database);
  other.exec('BEGIN IMMEDIATE');
  const response = await app.inject('/ready');
  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({ code: 'not_ready', detail: 'database_write' });
  other.exec('ROLLBACK');
  await sleep(1100);
  expect((await app.inject('/ready')).statusCode).toBe(200);
});

test('a server whose database cannot be read is not ready, and says so', async () => {
  const { app, database } = await startService();
  openSqliteFile(database).exec('PRAGMA foreign_keys = OFF; DROP TABLE tickets');
  expect((await app.inject('/ready')).json()).toMatchObject({ code: 'not_ready', detail: 'database_read' });
});

test('a server that is shutting down is not ready', async () => {
  const { app } = await startService();
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const socket = createConnection(Number(port), '127.0.0.1').setEncoding('utf8');
  socket.write('GET /ready HTTP/1.1\r\n');
  await once(app.server, 'connection');
  await sleep(50);
  const closing = app.close();
  socket.write('Host: localhost\r\n\r\n');
  const [answer] = await once(socket, 'data');
  expect(answer).toMatch(/^HTTP\/1\.1 503 .*"detail":"shutdown"/s);
  await closing;
});
