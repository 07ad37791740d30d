import { execFileSync } from 'node:child_process';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { startServer } from '../testing/server-process.ts';

/** A host name that the browser does not treat as loopback: such origins are less trusted over http. */
const NETWORK_NAME = 'tickets.test';

let browser: Browser;
beforeAll(async () => {
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  const resolverRules = `MAP ${NETWORK_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`;
  browser = await chromium.launch({ executablePath, args: [`--host-resolver-rules=${resolverRules}`] });
});
afterAll(() => browser?.close());

describe('/docs', () => {
  it.each<[string, Record<string, string>]>([
    ['127.0.0.1', {}],
    [NETWORK_NAME, { ALLOW_ANONYMOUS: 'true' }],
  ])('creates and processes a ticket from the prefilled values on http://%s', async (host, environment) => {
    const { url } = await startServer(environment, temporaryFolder());
    const origin = url.replace('127.0.0.1', host);
    const page = await newPage();
    const { errors, requested } = await record(page);
    await page.goto(`${origin}/docs`);
    expect(errors).toEqual([]); // without its scripts the page would never show the operations

    const creation = await openForm(page, '/tickets');
    expect(JSON.parse(await creation.locator('textarea').inputValue())).toEqual({
      raw_text: 'I cannot login to my account. Please help.',
      source: 'email',
    });
    const created = await execute(creation);
    expect(created.status).toBe('201');
    expect(created.body).toContain('"raw_text": "I cannot login to my account. Please help."');

    const processing = await openForm(page, '/tickets/{id}/process');
    expect(await processing.locator('.parameter__name').allInnerTexts()).toEqual([
      expect.stringMatching(/^id/),
      expect.stringMatching(/^force/),
      expect.stringMatching(/^prefer/),
    ]);
    expect(await processing.getByPlaceholder('id').inputValue()).toBe('1');
    const processed = await execute(processing);
    expect(processed.status).toBe('200');
    expect(processed.body).toContain('"category": "auth/login"');

    expect(errors).toEqual([]);
    expect([...new Set(requested.map((address) => new URL(address).origin))]).toEqual([origin]);
  });

  it('lists tickets, queues a run, and starts and watches a batch', async () => {
    const { url, post } = await startServer({}, temporaryFolder());
    for (const raw_text of ['I cannot login', 'My invoice is wrong']) await post('/tickets', { raw_text });
    const page = await newPage();
    await page.goto(`${url}/docs`);

    const list = await execute(await openForm(page, '/tickets', 'get'));
    expect([list.status, list.body]).toEqual(['200', expect.stringContaining('"excerpt": "My invoice is wrong"')]);

    const processing = await openForm(page, '/tickets/{id}/process');
    await processing.getByPlaceholder('Prefer').fill('respond-async');
    const queued = await execute(processing);
    expect([queued.status, queued.body]).toEqual(['202', expect.stringMatching(/"status": "(?:queued|running)"/)]);

    const creation = await openForm(page, '/batches');
    await creation.locator('textarea').fill('{"filter":{}}');
    const created = await execute(creation);
    expect([created.status, created.body]).toEqual(['202', expect.stringContaining('"total": 2')]);

    const watching = await openForm(page, '/batches/{id}', 'get');
    expect(await watching.getByPlaceholder('id').inputValue()).toBe('1');
    await expect.poll(async () => (await execute(watching)).body).toMatch(/"finished_at": "/);
  });

  it('shows the operations in groups, tickets first', async () => {
    const { url } = await startServer({}, temporaryFolder());
    const page = await newPage();
    await page.goto(`${url}/docs`);
    await page.locator('.opblock').first().waitFor();
    const groups = await page.locator('.opblock-tag-section').all();
    const shown = groups.map(async (group) => [
      await group.locator('[data-tag]').getAttribute('data-tag'),
      await group.locator('[data-path]').evaluateAll((paths) => paths.map((path) => path.getAttribute('data-path'))),
    ]);
    expect(await Promise.all(shown)).toEqual([
      [
        'Tickets',
        ['/tickets', '/tickets', '/tickets/{id}', '/tickets/{id}', '/tickets/{id}/result', '/tickets/{id}/process'],
      ],
      ['Batches', ['/batches', '/batches', '/batches/{id}', '/batches/{id}']],
      ['Runs', ['/tickets/{id}/runs', '/tickets/{id}/runs/{number}', '/usage']],
      ['Operations', ['/health', '/ready', '/metrics']],
    ]);
  });

  it('shows error examples with the status that they belong to', async () => {
    const { url } = await startServer({}, temporaryFolder());
    const page = await newPage();
    await page.goto(`${url}/docs`);
    const answers = await (await openForm(page, '/tickets/{id}/process')).locator('.responses-table .response').all();
    const shown = answers.map(async (answer) => [
      await answer.getAttribute('data-code'),
      /"status": (\d+)/.exec(await answer.locator('pre.example').innerText())?.[1],
    ]);
    expect(await Promise.all(shown)).toEqual([
      ['200', undefined],
      ['202', undefined],
      ...['401', '403', '404', '422', '429', '502', '503', '504'].map((status) => [status, status]),
      ['default', '500'],
    ]);
  });

  it('sends the API key that was entered with the Authorize button', async () => {
    const key = 'a-key-0123456789abcdef';
    const { url } = await startServer({ API_KEYS: `support:${key}` }, temporaryFolder());
    const page = await newPage();
    await page.goto(`${url}/docs`);
    await page.getByRole('button', { name: 'Authorize' }).click();
    const form = page.locator('.auth-container').first();
    await form.locator('input').fill(key);
    await form.getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close' }).first().click();
    expect((await execute(await openForm(page, '/tickets'))).status).toBe('201');
  });
});

async function newPage(): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  return page;
}

/** Collects the errors and the requested addresses of the page from now on. */
async function record(page: Page) {
  const errors: string[] = [];
  const requested: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('requestfailed', (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('request', (request) => requested.push(request.url()));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (violation) =>
    console.error('refused', violation.violatedDirective, violation.blockedURI))`);
  return { errors, requested };
}

/** Opens the "Try it out" form of an operation. */
async function openForm(page: Page, path: string, method: 'get' | 'post' = 'post'): Promise<Locator> {
  const operation = page.locator(`.opblock-${method}:has([data-path="${path}"])`);
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  return operation;
}

/** Sends the form and reads the answer from the page. */
async function execute(operation: Locator) {
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response');
  return {
    status: await answer.locator('.response-col_status').innerText(),
    body: await answer.locator('.response-col_description').innerText(),
  };
}
