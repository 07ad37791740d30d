import fc, { type Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import { openSqliteFile } from '../testing/database.ts';
import { hostileBytes } from '../testing/hostile-bytes.ts';
import {
  type HostileRequest,
  nameOf,
  nearRequest,
  strayRequest,
  toBytes,
  validRequest,
} from '../testing/hostile-requests.ts';
import { readOpenApi, wrongIn } from '../testing/openapi.ts';
import { type Answer, answersTo } from '../testing/raw-http.ts';
import { startService } from '../testing/service.ts';
import { LIMITS } from './limits.ts';

/** How many of each, and how many at once: the readable ones follow one another on a connection, the others have one each. */
const [READABLE, IN_A_ROW] = [9600, 20];
const [UNREADABLE, SIDE_BY_SIDE] = [400, 50];
/** With these the server ends soon, in ms, what never comes to an end. */
const IMPATIENT = { ...LIMITS, headersTimeout: 200, requestTimeout: 200, keepAliveTimeout: 1 };

/** Batches until `count` cases have passed. What fails is made smaller and printed with its seed, which `FC_SEED` repeats. */
async function hold<T>(
  [count, size]: [number, number],
  one: Arbitrary<T>,
  property: (batch: T[]) => Promise<void>,
): Promise<void> {
  const batches = fc.array(one, { minLength: size, maxLength: size });
  const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {};
  await fc.assert(fc.asyncProperty(batches, property), {
    numRuns: count / size,
    interruptAfterTimeLimit: 60_000,
    ...seed,
  });
}

test('10,000 hostile requests: none hangs or is a 5xx, each answer is documented, the database stays whole', async () => {
  const { app, create, database, read } = await startService();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const impatient = await startService({ app: { limits: IMPATIENT } });
  const impatientUrl = await impatient.app.listen({ host: '127.0.0.1', port: 0 });
  const { operations, noRoute } = readOpenApi(await read('/openapi.json'));
  const documented = new Map(operations.map((operation) => [nameOf(operation), operation.answers]));
  const created: { id: number; status: string }[] = [];
  for (let i = 0; i < 20; i += 1) await create();
  let sent = 0;

  function check(answer: Answer, { operation = '', isValid, head }: Partial<HostileRequest>): void {
    const answers = documented.get(operation);
    if (answers || answer.status >= 400) expect(wrongIn(answer, answers ?? noRoute), head).toBeUndefined();
    if (isValid && answer.status !== 404) expect(answer.status, head).toBeLessThan(300);
  }

  const valid = fc.oneof(...operations.map(validRequest));
  const readable = fc.oneof(valid, fc.oneof(...operations.map(nearRequest)), strayRequest(operations));
  await hold([READABLE, IN_A_ROW], readable, async (batch) => {
    sent += batch.length;
    for (const [i, answer] of (await pipelined(url, batch)).entries()) {
      check(answer, batch[i] ?? {});
      if (answer.status === 201) created.push(JSON.parse(answer.body ?? ''));
    }
  });
  await hold([UNREADABLE, SIDE_BY_SIDE], hostileBytes(valid), async (batch) => {
    sent += batch.length;
    const answers = await Promise.all(batch.map((bytes) => answersTo(impatientUrl, bytes)));
    for (const answer of answers.flat()) check(answer, {});
  });

  expect(sent).toBe(READABLE + UNREADABLE);
  expect(created.length).toBeGreaterThan(100);
  for (const ticket of created) {
    expect(await read(`/tickets/${ticket.id}`)).toEqual({ ...ticket, status: expect.any(String) });
  }
  for (const file of [database, impatient.database]) await expectWhole(file);
}, 120_000);

/** The answers to these requests, sent in one piece; one more, without a body that may be on its way, closes the connection. */
async function pipelined(url: string, requests: HostileRequest[]): Promise<Answer[]> {
  const last = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const answers = await answersTo(url, requests.map((request) => toBytes(request)).join('') + last);
  expect(answers.pop()?.isLast).toBe(true);
  expect(answers.length).toBe(requests.length);
  return answers;
}

/** Once no run is under way any more, the database holds what it promises. */
async function expectWhole(database: string): Promise<void> {
  const sqlite = openSqliteFile(database);
  const all = (sql: string) => sqlite.prepare(sql).all();
  await expect.poll(() => all("SELECT id FROM tickets WHERE status = 'processing'")).toEqual([]);
  expect(all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(all('PRAGMA foreign_key_check')).toEqual([]);
  expect(all('SELECT ticket_id FROM results GROUP BY ticket_id HAVING count(*) > 1')).toEqual([]);
  expect(all('SELECT ticket_id FROM runs WHERE lease_expires_at IS NOT NULL')).toEqual([]);
  const done =
    'id IN (SELECT ticket_id FROM results) AND id NOT IN (SELECT ticket_id FROM runs WHERE lease_expires_at NOT NULL)';
  expect(all(`SELECT id, status FROM tickets WHERE (status = 'done') <> (${done})`)).toEqual([]);
}
