import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteFile } from '../../testing/database.ts';
import { temporaryFolder } from '../../testing/folder.ts';
import { socketPair } from '../../testing/socket.ts';
import { openStorage } from '../open.ts';

const ticket = { raw_text: 'x', source: 'web' };
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function start() {
  const path = `${temporaryFolder()}/app.db`;
  const store = openStorage(path);
  onTestFinished(store.close);
  const other = openSqliteFile(path);
  const createElsewhere = () => other.exec("INSERT INTO tickets (source, raw_text) VALUES ('web', 'x')");
  return { store, createElsewhere };
}

test('a read sees what this process has just committed, whatever was read in the same turn', async () => {
  const { store } = start();
  for (let id = 1; id <= 50; id += 1) {
    let isCreated = false;
    const seen = store.tickets.create(ticket).then(() => {
      isCreated = true;
      return store.tickets.findById(id);
    });
    while (!isCreated) {
      await store.tickets.findById(id);
      if (id % 2) await nextTurn();
      else await new Promise((resolve) => setTimeout(resolve));
    }
    expect(await seen).toMatchObject({ id });
  }
});

test('a read sees what another process had committed before its turn began', async () => {
  const { store, createElsewhere } = start();
  expect(await store.tickets.findById(1)).toBeUndefined();
  await nextTurn();
  createElsewhere();
  expect(await store.tickets.findById(1)).toMatchObject({ id: 1 });
});

test('a read for a request sees what another process had committed before it came, whatever was read shortly before', async () => {
  const { store, createElsewhere } = start();
  const [near, far] = await socketPair();
  const seen = once(near, 'data').then(() => store.tickets.findById(1));
  far.write('a request');
  await nextTurn();
  await store.runs.getRunState(1, 1);
  createElsewhere();
  expect(await seen).toMatchObject({ id: 1 });
});

test('so does one that was received before, and is handled after', async () => {
  const { store, createElsewhere } = start();
  const [[nearA, farA], [nearB, farB]] = [await socketPair(), await socketPair()];
  nearA.on('data', () => {
    for (let i = 0; i < 3; i += 1) store.tickets.findById(1);
    createElsewhere();
  });
  const seen = once(nearB, 'data').then(() => store.tickets.findById(1));
  farA.write('requests');
  farB.write('a request');
  for (const end = performance.now() + 50; performance.now() < end; ); // so that both are there in the next turn
  expect(await seen).toMatchObject({ id: 1 });
});

test('the reads of requests that came in one piece see the same', async () => {
  const { store, createElsewhere } = start();
  await nextTurn();
  const before = [store.tickets.findById(1), store.tickets.findById(1)];
  createElsewhere();
  expect(await Promise.all([...before, store.tickets.findById(1)])).toEqual([undefined, undefined, undefined]);
  await nextTurn();
  expect(await store.tickets.findById(1)).toMatchObject({ id: 1 });
});

test('a store can be closed in the middle of a turn', async () => {
  const { store } = start();
  await store.tickets.findById(1);
  store.close();
  await nextTurn();
});
