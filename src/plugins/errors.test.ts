import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

test('a URL with broken percent-encoding is a problem document', async () => {
  const { app } = await startService();
  const response = await app.inject('/tickets/%zz');
  expect(response.headers['content-type']).toMatch('application/problem+json');
  expect(response.json()).toMatchObject({ status: 400, code: 'bad_request' });
});

test('an error nobody expected is 500 with the id of its log line and nothing of itself', async () => {
  const { app, create, log, store } = await startService();
  await create();
  store.close();
  const response = await app.inject('/tickets/1');
  const { request_id } = response.json();
  expect(response.json()).toEqual({
    ...{ type: 'about:blank', title: 'Internal Server Error', status: 500, code: 'internal_error' },
    detail: 'internal error',
    request_id: expect.stringMatching(/^[0-9a-f]{8}-\d+$/),
  });
  const line = log.map((text) => JSON.parse(text)).find(({ err }) => err);
  expect(line).toMatchObject({ reqId: request_id, err: { message: 'The database connection is not open' } });
});
