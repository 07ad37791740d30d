import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { startService } from '../testing/service.ts';

describe('the error handler', () => {
  it('returns a problem document for a path that cannot be decoded', async () => {
    const { app } = await startService();
    const response = await app.inject('/tickets/%zz');
    expect(response.headers['content-type']).toMatch('application/problem+json');
    expect(response.json()).toMatchObject({ status: 400, code: 'bad_request' });
  });

  it('returns a problem document for a Range of /docs/static that cannot be satisfied', async () => {
    const { app } = await startService();
    const response = await app.inject({ url: '/docs/static/index.css', headers: { range: 'bytes=9-1' } });
    expect(response.headers['content-type']).toMatch('application/problem+json');
    expect(response.json()).toMatchObject({ code: 'bad_request', detail: 'the range cannot be satisfied' });
  });

  it('returns 500 without details for an unexpected error, and logs it with its stack', async () => {
    const { app, logged } = await startService();
    app.get('/bug', async () => {
      throw new Error('a secret');
    });
    const response = await app.inject('/bug');
    expect(response.json()).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'internal_error',
      detail: 'internal error',
      request_id: expect.any(String),
    });
    const err = { message: 'a secret', stack: expect.stringContaining('errors.test.ts') };
    expect(logged('internal error')).toMatchObject([{ level: 50, reqId: response.json().request_id, err }]);
  });

  it('logs an expected 5xx with its details, without a stack', async () => {
    const { app, log, logged } = await startService();
    const details = { cause: 'disk is full', causeCode: 'SQLITE_FULL' };
    app.get('/full', async () => {
      throw new AppError('storage_unavailable', 'cannot write', { cause: new Error(details.cause), details });
    });
    expect((await app.inject('/full')).statusCode).toBe(503);
    expect(logged('cannot write')).toMatchObject([{ level: 40, code: 'storage_unavailable', ...details }]);
    expect(log.join()).not.toContain('errors.test.ts');
  });

  it("does not repeat a run's error, which the line of the run has", async () => {
    const { create, log, process, provider } = await startService();
    await create();
    provider.respond({ status: 500 });
    await Promise.all([process(1), process(1)]);
    const lines = log.map((line) => JSON.parse(line));
    expect(lines.filter(({ level }) => level > 30)).toMatchObject([{ msg: 'run', outcome: 'llm_unavailable' }]);
    expect(lines.filter(({ code }) => code === 'llm_unavailable')).toHaveLength(2);
  });
});
