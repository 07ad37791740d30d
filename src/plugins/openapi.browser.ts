import { execFileSync } from 'node:child_process';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { startServer } from '../testing/server-process.ts';

/** A name for loopback that a browser takes for a host on the network, where http has less leave. */
const NETWORK_NAME = 'tickets.test';

let browser: Browser;
beforeAll(async () => {
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  const resolverRules = `MAP ${NETWORK_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`;
  browser = await chromium.launch({ executablePath, args: [`--host-resolver-rules=${resolverRules}`] });
});
afterAll(() => browser?.close());

test.each<[string, Record<string, string>]>([
  ['127.0.0.1', {}],
  [NETWORK_NAME, { ALLOW_ANONYMOUS: 'true' }],
])('/docs creates and processes a ticket without an error, on http://%s', async (host, environment) => {
  const { url } = await startServer(environment, temporaryFolder());
  const origin = url.replace('127.0.0.1', host);
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  const { complaints, requested } = await watch(page);
  await page.goto(`${origin}/docs`);
  expect(complaints).toEqual([]); // a page that was refused its scripts would be waited for in vain

  const created = await tryOut(page, '/tickets', 'textarea', '{"raw_text": "I cannot login to my account."}');
  expect(created.status).toBe('201');
  expect(created.body).toContain('"raw_text": "I cannot login to my account."');
  const processed = await tryOut(page, '/tickets/{id}/process', '[placeholder=id]', '1');
  expect(processed.status).toBe('200');
  expect(processed.body).toContain('"category": "auth/login"');

  expect(complaints).toEqual([]);
  expect([...new Set(requested.map((address) => new URL(address).origin))]).toEqual([origin]);
});

test('with keys, the Authorize button of /docs lets in who has one', async () => {
  const key = 'a-key-0123456789abcdef';
  const { url } = await startServer({ API_KEYS: `support:${key}` }, temporaryFolder());
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(`${url}/docs`);
  await page.getByRole('button', { name: 'Authorize' }).click();
  const form = page.locator('.auth-container').first();
  await form.locator('input').fill(key);
  await form.getByRole('button', { name: 'Apply credentials' }).click();
  await page.getByRole('button', { name: 'Close' }).first().click();
  const created = await tryOut(page, '/tickets', 'textarea', '{"raw_text": "x"}');
  expect(created.status).toBe('201');
});

/** What the page complains about from now on, and the addresses that it asks. */
async function watch(page: Page) {
  const complaints: string[] = [];
  const requested: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('request', (request) => requested.push(request.url()));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (violation) =>
    console.error('refused', violation.violatedDirective, violation.blockedURI))`);
  return { complaints, requested };
}

/** Tries a POST out as a person does, with this value in this field, and reads the answer off the page. */
async function tryOut(page: Page, path: string, field: string, value: string) {
  const operation = page.locator(`.opblock-post:has([data-path="${path}"])`);
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.locator(field).fill(value);
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response');
  return {
    status: await answer.locator('.response-col_status').innerText(),
    body: await answer.locator('.response-col_description').innerText(),
  };
}
