import { expect, onTestFinished, test } from 'vitest';
import { openSqlite } from '../testing/database.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { openStore } from './store.ts';

const ticket = { raw_text: 'x', source: 'web' };
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function start() {
  const path = `${temporaryFolder()}/app.db`;
  const store = openStore(path);
  onTestFinished(store.close);
  const other = openSqlite(path);
  const createElsewhere = () => other.exec("INSERT INTO tickets (source, raw_text) VALUES ('web', 'x')");
  return { store, createElsewhere };
}

test('a read sees what this process has committed in the same turn', async () => {
  const { store } = start();
  const created = store.tickets.create(ticket);
  await new Promise<void>((resolve) => {
    setImmediate(async () => {
      expect(await store.tickets.find(1)).toMatchObject({ id: 1 });
      resolve();
    });
    void store.tickets.find(1);
  });
  await created;
});

test('a read sees what another process had committed before its turn began', async () => {
  const { store, createElsewhere } = start();
  expect(await store.tickets.find(1)).toBeUndefined();
  await nextTurn();
  createElsewhere();
  expect(await store.tickets.find(1)).toMatchObject({ id: 1 });
});

test('the reads of one turn see the same', async () => {
  const { store, createElsewhere } = start();
  await nextTurn();
  expect(await store.tickets.find(1)).toBeUndefined();
  createElsewhere();
  expect(await store.tickets.find(1)).toBeUndefined();
  await nextTurn();
  expect(await store.tickets.find(1)).toMatchObject({ id: 1 });
});

test('a store can be closed in the middle of a turn', async () => {
  const { store } = start();
  await store.tickets.find(1);
  store.close();
  await nextTurn();
});
