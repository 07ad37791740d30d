import fc, { type Arbitrary } from 'fast-check';
import { expect } from 'vitest';
import { openSqliteFile } from './database.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { type HostileRequest, nameOf, nearRequest, strayRequest, toBytes, validRequest } from './hostile-requests.ts';
import { findMismatch, readOpenApi } from './openapi.ts';
import { type Answer, answersTo } from './raw-http.ts';
import { listen } from './service.ts';

/** Readable requests follow one another on a connection; unreadable ones have one each, in parallel. */
const READABLE_BATCH = 20;
const UNREADABLE_BATCH = 50;

/** In ms. With these, a request that does not arrive ends soon. */
const SHORT_TIMEOUTS = { headersTimeout: 200, requestTimeout: 200, keepAliveTimeout: 1 };

/** Checks `count` cases in batches. A failure is shrunk and printed with its seed, which `FC_SEED` repeats. */
async function checkBatches<T>(
  { count, batchSize }: { count: number; batchSize: number },
  one: Arbitrary<T>,
  property: (batch: T[]) => Promise<void>,
): Promise<void> {
  const batches = fc.array(one, { minLength: batchSize, maxLength: batchSize });
  const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {};
  await fc.assert(fc.asyncProperty(batches, property), { numRuns: count / batchSize, ...seed });
}

/** Node itself answers requests without `Host` and with unknown expectations, without a body. */
const isFromNode = ({ status, type, body }: Answer) => (status === 400 || status === 417) && type === '' && !body;

/** Expects documented answers, no 5xx, and an intact database. */
export async function expectToWithstand(count: { readable: number; unreadable: number }): Promise<void> {
  const { create, database, read, url } = await listen();
  const impatient = await listen({ limits: SHORT_TIMEOUTS });
  const { operations, noRoute } = readOpenApi(await read('/openapi.json'));
  const documented = new Map(operations.map((operation) => [nameOf(operation), operation.answers]));
  const created: { id: number; status: string }[] = [];
  for (let i = 0; i < 20; i += 1) await create();
  let sent = 0;

  function check(answer: Answer, { operation = '', isValid, head }: Partial<HostileRequest>): void {
    if (isFromNode(answer)) return;
    const answers = documented.get(operation);
    if (answers || answer.status >= 400) expect(findMismatch(answer, answers ?? noRoute), head).toBeUndefined();
    if (isValid && answer.status !== 404) expect(answer.status, head).toBeLessThan(300);
  }

  /** Few deletions, so that the other requests find tickets. */
  const oneOf = (make: typeof validRequest) =>
    fc.oneof(
      ...operations.map((operation) => ({
        weight: operation.method === 'DELETE' ? 1 : 10,
        arbitrary: make(operation),
      })),
    );
  const valid = oneOf(validRequest);
  const readable = fc.oneof(valid, oneOf(nearRequest), strayRequest(operations));
  await checkBatches({ count: count.readable, batchSize: READABLE_BATCH }, readable, async (batch) => {
    sent += batch.length;
    for (const [i, answer] of (await pipelined(url, batch)).entries()) {
      check(answer, batch[i] ?? {});
      if (answer.status === 201) created.push(JSON.parse(answer.body ?? ''));
    }
  });
  await checkBatches({ count: count.unreadable, batchSize: UNREADABLE_BATCH }, hostileBytes(valid), async (batch) => {
    sent += batch.length;
    const answers = await Promise.all(batch.map((bytes) => answersTo(impatient.url, bytes)));
    for (const answer of answers.flat()) check(answer, {});
  });

  expect(sent).toBe(count.readable + count.unreadable);
  let found = 0;
  for (const ticket of created) {
    const stored = await read(`/tickets/${ticket.id}`);
    if (stored.code === 'ticket_not_found') continue; // a request has deleted it
    expect(stored).toEqual({ ...ticket, status: expect.any(String) });
    found += 1;
  }
  expect(found).toBeGreaterThan(count.readable / 100);
  for (const file of [database, impatient.database]) await expectConsistent(file);
}

/** Sends requests in one piece, followed by one that closes the connection, and returns their answers. */
async function pipelined(url: string, requests: HostileRequest[]): Promise<Answer[]> {
  const last = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const answers = await answersTo(url, requests.map((request) => toBytes(request)).join('') + last);
  expect(answers.pop()?.isLast).toBe(true);
  expect(answers.length).toBe(requests.length);
  return answers;
}

/** Waits until no run is active, and checks the invariants of the database. */
async function expectConsistent(database: string): Promise<void> {
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
