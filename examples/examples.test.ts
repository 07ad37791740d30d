import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../src/testing/folder.ts';
import { ROOT, startServer } from '../src/testing/server-process.ts';

it('client.ts creates a ticket and prints its result', async () => {
  const { url } = await startServer({}, temporaryFolder());
  const { stdout } = await promisify(execFile)(process.execPath, [`${ROOT}examples/client.ts`, url]);
  expect(stdout).toBe('auth/login: I cannot login to my account. Please help.\n');
});

it('requests.http has requests that the server answers as their titles say', async () => {
  const { url } = await startServer({}, temporaryFolder());
  const answers: [string, number][] = [];
  for (const { title, path, ...init } of readRequests()) answers.push([title, (await fetch(url + path, init)).status]);
  expect(answers).toEqual([
    ['Is the server up?', 200],
    ['Can it work?', 200],
    ['Create a ticket', 201],
    ['Process it', 200],
    ['Process it again and overwrite the result', 200],
    ['Read the ticket', 200],
    ['List the newest tickets with a result', 200],
    ['Search tickets of a time', 200],
    ['Read its result', 200],
    ['List its runs', 200],
    ['Read its first run', 200],
    ['Read what runs have used', 200],
    ['Create a ticket once', 201],
    ['Delete a ticket', 204],
    ['A ticket that does not exist', 404],
    ['A ticket without text', 422],
    ['Metrics for Prometheus', 200],
  ]);
});

/** Each request: `### title`, `METHOD {{url}}/path`, headers, and after an empty line the body. */
function readRequests() {
  const [, ...requests] = readFileSync(`${ROOT}examples/requests.http`, 'utf8').split(/^### /m);
  return requests.map((request) => {
    const [head = '', body] = request.trim().split(/\n\n(.*)/s);
    const [title = '', start = '', ...headers] = head.split('\n');
    const [method, path = ''] = start.split(' {{url}}');
    return { title, method, path, headers: headers.map((line) => line.split(': ') as [string, string]), body };
  });
}
