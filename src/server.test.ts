import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDatabaseFolder, openSqliteFile, openTestStorage } from './testing/database.ts';
import { temporaryFolder } from './testing/folder.ts';
import { OUTPUT, startProvider } from './testing/provider.ts';
import { makePythonDatabase } from './testing/python-app.ts';
import { BUNDLE, SOURCES, spawnServer, startServer } from './testing/server-process.ts';
import { json } from './testing/servers.ts';

async function provider() {
  const started = await startProvider();
  onTestFinished(() => started.close());
  return started;
}

describe('server process', () => {
  it.each([
    ['from its sources', SOURCES],
    ['as a bundle', BUNDLE],
  ])(
    '%s: works in an empty folder without a key, warns once about the offline model, and logs stacks of the sources',
    async (_name, command) => {
      const folder = temporaryFolder();
      const { child, exit, output, post, url } = await startServer({}, folder, { command });
      expect(await json(fetch(`${url}/health`))).toEqual({ ok: true });
      await post('/tickets', { raw_text: 'I cannot login to my account. Please help.', source: 'email' });
      expect(await json(post('/tickets/1/process'))).toMatchObject({
        category: 'auth/login',
        model: 'offline-extractive-v2',
        openai_request_id: null,
        total_tokens: null,
      });
      expect(await json(fetch(`${url}/tickets/1`))).toMatchObject({ source: 'email', status: 'done' });
      expect(await json(post('/tickets', { raw_text: 'x', source: 1 }))).toMatchObject({ status: 422 });
      expect((await fetch(`${url}/docs/static/swagger-ui-bundle.js`)).status).toBe(200);
      expect(await json(fetch(`${url}/openapi.json`))).toMatchObject({ openapi: '3.1.0' });
      const warnings = output.text.split('\n').filter((line) => line.includes('offline model'));
      expect(warnings.map((line) => JSON.parse(line).level)).toEqual([40]);

      openSqliteFile(`${folder}/data/app.db`).exec('DROP TABLE results');
      expect((await fetch(`${url}/tickets/1/result`)).status).toBe(500);
      child.kill('SIGTERM');
      await exit;
      expect(output.text).toMatch(
        /"type":"SqliteError","message":"no such table: results.*src\/routes\/tickets\.ts:\d+:\d+/,
      );
    },
  );

  it('deletes tickets that are older than RETENTION_DAYS, logs how many, and stops', async () => {
    const folder = createDatabaseFolder(2);
    openSqliteFile(`${folder}/data/app.db`).exec(
      "UPDATE tickets SET created_at = datetime('now', '-2 days') WHERE id = 1",
    );
    const { child, exit, output, url } = await startServer({ RETENTION_DAYS: '1' }, folder);
    await expect.poll(() => output.text).toMatch('"deleted":1,"msg":"retention"');
    expect((await fetch(`${url}/tickets/1`)).status).toBe(404);
    expect((await fetch(`${url}/tickets/2`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  it('stores a cost of 0 for the offline model, and counts its runs against no budget', async () => {
    const folder = temporaryFolder();
    const { post } = await startServer({ DAILY_BUDGET_USD: '0.01' }, folder);
    for (const id of [1, 2]) {
      await post('/tickets', { raw_text: 'x' });
      expect((await post(`/tickets/${id}/process`)).status).toBe(200);
    }
    const sqlite = openSqliteFile(`${folder}/data/app.db`);
    expect(sqlite.prepare('SELECT provider, attempts, cost_usd FROM runs').raw().all()).toEqual([
      ['offline', 1, 0],
      ['offline', 1, 0],
    ]);
  });

  it('logs an uncaught error and exits with 1', async () => {
    const boom = `data:text/javascript,process.on('SIGUSR2', () => { throw new Error('boom'); })`;
    const [node = '', ...script] = BUNDLE;
    const { child, exit, output } = await startServer({}, temporaryFolder(), {
      command: [node, '--import', boom, ...script],
    });
    child.kill('SIGUSR2');
    expect(await exit).toBe(1);
    expect(output.text).toMatch(/"level":60.*"err":\{"type":"Error","message":"boom"/);
  });

  it('calls the provider with a key, which is not in the log, and prices runs by LLM_PRICES', async () => {
    const { requests, url: OPENAI_BASE_URL } = await provider();
    const folder = temporaryFolder();
    const LLM_PRICES = '{"gpt-4o-mini-2024-07-18":{"input":1,"cached_input":0.5,"output":2}}';
    const environment = { OPENAI_API_KEY: 'sk-canary', OPENAI_MODEL: 'gpt-x', LOG_LEVEL: 'trace' };
    const { output, post } = await startServer({ ...environment, OPENAI_BASE_URL, LLM_PRICES }, folder);
    await post('/tickets', { raw_text: 'x' });
    expect(await json(post('/tickets/1/process'))).toMatchObject({ ...OUTPUT, prompt_version: 'v1' });
    const prompt = readFileSync(new URL('../prompts/v1/ticket_process_system.txt', import.meta.url), 'utf8').trim();
    expect(requests[0]?.body).toMatchObject({ model: 'gpt-x', input: [{ content: prompt }, { content: 'x' }] });
    expect(output.text).not.toMatch(/offline|sk-canary/);
    const cost = openSqliteFile(`${folder}/data/app.db`).prepare('SELECT cost_usd FROM runs').pluck().get();
    expect(cost).toBeCloseTo((56 + 64 * 0.5 + 40 * 2) / 1e6, 12);
  });

  it('keeps everything when it stops', async () => {
    const folder = temporaryFolder();
    const first = await startServer({}, folder);
    const ticket = await json(first.post('/tickets', { raw_text: 'The export button crashes.' }));
    const result = await json(first.post('/tickets/1/process'));
    await first.post('/tickets', { raw_text: 'not processed' });
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);

    const { storage } = openTestStorage({}, `${folder}/data/app.db`);
    expect(await storage.tickets.findById(1)).toEqual({ ...ticket, status: 'done' });
    expect(await storage.results.findByTicketId(1)).toEqual(result);
    expect(await storage.tickets.findById(2)).toMatchObject({ status: 'new' });
  });

  it('loses no acknowledged ticket when it is killed', async () => {
    const folder = temporaryFolder();
    const acknowledged: number[] = [];
    for (const round of [1, 2]) {
      const { child, exit, post } = await startServer({}, folder);
      const client = async () => {
        for (;;) acknowledged.push((await json(post('/tickets', { raw_text: `round ${round}` }))).id);
      };
      const clients = Array.from({ length: 8 }, () => client().catch(() => 'the server was killed'));
      await expect.poll(() => acknowledged.length).toBeGreaterThan(20 * round);
      child.kill('SIGKILL');
      await Promise.all([...clients, exit]);
    }

    const { storage } = openTestStorage({}, `${folder}/data/app.db`);
    for (const id of acknowledged) expect(await storage.tickets.findById(id)).toMatchObject({ id });
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
  });

  it('runs with the .env and the database of the Python app', async () => {
    const folder = temporaryFolder();
    const { requests, url: base } = await provider();
    makePythonDatabase(`${folder}/legacy.db`, { metadata: false });
    const settings = ['DATABASE_URL=sqlite+pysqlite:///./legacy.db', 'OPENAI_API_KEY="sk-x"', 'LOG_LEVEL=INFO'];
    writeFileSync(`${folder}/.env`, [...settings, `OPENAI_BASE_URL=${base}`, 'PROMPT_VERSION=v1', ''].join('\n'));
    const { post, url } = await startServer({}, folder);
    expect(await json(fetch(`${url}/tickets/1/result`))).toMatchObject({ summary: 'Cannot log in.', model: 'dummy' });
    expect(await json(post('/tickets/9/process'))).toMatchObject({ ticket_id: 9, ...OUTPUT });
    expect(requests[0]?.headers.authorization).toBe('Bearer sk-x');
  });

  it.each([
    [
      'three bad values',
      { PORT: 'x', OPENAI_API_KEY: '"sk canary"', HTTPS_PROXY: 'socks5://canary@proxy' },
      /^PORT must .+\nOPENAI_API_KEY must not have quotes (?!.*canary).+\nHTTPS_PROXY must be (?!.*canary).+\n$/,
    ],
    ['a missing prompt', { PROMPT_VERSION: 'v999' }, /^PROMPT_VERSION: prompts\/v999\/.+ is missing .+: .*\bv1\b.*\n$/],
    ['a database that is a folder', { DATABASE_URL: '/' }, /^DATABASE_URL: cannot use \/: .+\n$/],
    [
      'a network without keys',
      { HOST: '0.0.0.0' },
      /^HOST accepts clients from other machines.*: set API_KEYS=.+, or ALLOW_ANONYMOUS=true if .+\n$/,
    ],
    [
      'an address of another machine',
      { HOST: '192.0.2.1', ALLOW_ANONYMOUS: 'true' },
      /^HOST must be .+, for example HOST=127.0.0.1 \(EADDRNOTAVAIL\)\n$/,
    ],
  ])('refuses %s with exit code 1 and one line for each', async (_name, environment: Record<string, string>, lines) => {
    const { exit, output } = spawnServer({ LOG_LEVEL: 'silent', ...environment }, temporaryFolder());
    expect(await exit).toBe(1);
    expect(output.text).toMatch(lines);
  });

  it('refuses a .env in UTF-16 with exit code 1 and one line', async () => {
    const folder = temporaryFolder();
    writeFileSync(`${folder}/.env`, '\ufeffPORT=0\n', 'utf16le');
    const { exit, output } = spawnServer({ LOG_LEVEL: 'silent' }, folder);
    expect(await exit).toBe(1);
    expect(output.text).toMatch(/^\.env must be in UTF-8, .+\n$/);
  });

  it('refuses a port that is in use with exit code 1 and one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await expect.poll(() => other.listening).toBe(true);
    const { port } = other.address() as { port: number };
    const { exit, output } = spawnServer({ PORT: String(port), LOG_LEVEL: 'silent' }, temporaryFolder());
    expect(await exit).toBe(1);
    expect(output.text).toMatch(/^PORT must be a free port.+, for example PORT=8001 \(EADDRINUSE\)\n$/);
  });

  it('connects settings and metrics to what they control and measure', async () => {
    const { url: base } = await provider();
    const environment = {
      ...{ OPENAI_BASE_URL: base, TRUST_PROXY: '127.0.0.1', API_KEYS: '', ALLOW_ANONYMOUS: 'true' },
      ...{ RATE_LIMIT_PER_MINUTE: '5', PROCESS_RATE_LIMIT_PER_MINUTE: '1' },
      DAILY_BUDGET_USD: '1',
    };
    const { output, post, url } = await startServer(environment, temporaryFolder());
    const as = (client: string) => fetch(`${url}/tickets/1`, { headers: { 'x-forwarded-for': client } });
    await post('/tickets', { raw_text: 'x' });
    expect([(await post('/tickets/1/process')).status, (await post('/tickets/1/process')).status]).toEqual([200, 429]);
    const clients = ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2'];
    const statuses = [];
    for (const client of clients) statuses.push((await as(client)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 200]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const sample of [
      /^ticket_service_tickets\{status="done"\} 1$/m,
      /^gen_ai_client_operation_duration_seconds_count\{.*outcome="ok"\} 1$/m,
      /^gen_ai_client_operation_attempts_total\{.*outcome="ok"\} 1$/m,
      /^ticket_service_db_commit_writes_sum [3-9]$/m, // on a busy machine, also those of heartbeats
      /^http_server_request_duration_seconds_count\{.*http_response_status_code="429".*\} 1$/m,
      /^ticket_service_llm_calls_active 0$/m,
      /^ticket_service_llm_budget_remaining_usd 1$/m,
      /^ticket_service_requests_coalesced_total 0$/m,
    ]) {
      expect(metrics).toMatch(sample);
    }
    expect(output.text).toContain(
      'DAILY_BUDGET_USD may have no effect: the price of gpt-4o-mini-2024-07-18 is not known',
    );
  });
});
