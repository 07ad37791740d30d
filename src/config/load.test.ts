import dotenv from 'dotenv';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import { Environment, SETTING_NAMES } from './schema.ts';

const SECRET = 'sk-secret-0123456789';
const BASE_URL = 'http://127.0.0.1:1/v1';

describe('loadConfig', () => {
  it('returns the defaults for an empty environment', () => {
    expect(loadConfig({})).toEqual({
      HOST: '127.0.0.1',
      PORT: 8000,
      API_KEYS: [],
      METRICS_KEY: undefined,
      ALLOW_ANONYMOUS: false,
      TRUST_PROXY: [],
      RATE_LIMIT_PER_MINUTE: 0,
      PROCESS_RATE_LIMIT_PER_MINUTE: 0,
      RETENTION_DAYS: undefined,
      DATABASE_URL: './data/app.db',
      DATABASE_POOL_SIZE: 10,
      DATABASE_PREPARED_STATEMENTS: true,
      LLM_PROVIDER: 'offline',
      OPENAI_API_KEY: undefined,
      OPENAI_BASE_URL: undefined,
      OPENAI_MODEL: 'gpt-4o-mini-2024-07-18',
      OPENAI_API: 'responses',
      OPENAI_STRUCTURED_OUTPUT: 'json_schema',
      OPENAI_EXTRA_BODY: {},
      LLM_PRICES: {},
      DAILY_BUDGET_USD: undefined,
      OPENAI_MAX_ATTEMPTS: 3,
      OPENAI_TIMEOUT_MS: 20_000,
      HTTPS_PROXY: undefined,
      HTTP_PROXY: undefined,
      NO_PROXY: undefined,
      PROCESS_TIMEOUT_MS: 60_000,
      LLM_MAX_CONCURRENCY: 64,
      LLM_MAX_QUEUE: 1000,
      AUTO_PROCESS: false,
      BACKGROUND_CONCURRENCY: 32,
      BACKGROUND_MAX_RUNS: 5,
      SHUTDOWN_GRACE_MS: 30_000,
      PROMPT_VERSION: 'v1',
      LOG_LEVEL: 'info',
    });
  });

  it.each([
    [{ LLM_MAX_CONCURRENCY: '5' }, 3],
    [{ LLM_MAX_CONCURRENCY: '1' }, 1],
    [{ BACKGROUND_CONCURRENCY: '0' }, 0],
  ])('gives background runs half of the slots by default (%j)', (environment, concurrency) => {
    expect(loadConfig(environment).BACKGROUND_CONCURRENCY).toBe(concurrency);
  });

  it('treats an empty variable as not set', () => {
    const empty = Object.fromEntries(SETTING_NAMES.map((name) => [name, ' ']));
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  it('returns a frozen object', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });

  it.each([
    [{ OPENAI_API_KEY: SECRET }, 'openai'],
    [{ OPENAI_BASE_URL: BASE_URL }, 'openai'],
    [{ OPENAI_BASE_URL: BASE_URL, LLM_PROVIDER: 'openai' }, 'openai'],
    [{ OPENAI_API_KEY: SECRET, LLM_PROVIDER: 'offline' }, 'offline'],
  ])('chooses the provider: %j gives %s', (environment, provider) => {
    expect(loadConfig(environment).LLM_PROVIDER).toBe(provider);
  });

  it('rejects LLM_PROVIDER=openai without a key and a base URL', () => {
    expect(() => loadConfig({ LLM_PROVIDER: 'openai' })).toThrow(
      'OPENAI_API_KEY must be set when LLM_PROVIDER is openai',
    );
  });

  it.each([
    ['PORT', 'http'],
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['PORT', '1e3'],
    ['API_KEYS', 'key-without-a-name-1234'],
    ['API_KEYS', 'support:too-short'],
    ['API_KEYS', `support:${SECRET}!`],
    ['API_KEYS', `support:${SECRET}:crm`],
    ['API_KEYS', `support:${SECRET},${SECRET}`],
    ['API_KEYS', `support:${SECRET},crm:${SECRET}`],
    ['API_KEYS', ',,'],
    ['METRICS_KEY', 'too-short'],
    ['METRICS_KEY', `name:${SECRET}`],
    ['METRICS_KEY', `${SECRET},${SECRET}`],
    ['ALLOW_ANONYMOUS', 'perhaps'],
    ['TRUST_PROXY', 'proxy.local'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '0.0.0.0/0'],
    ['TRUST_PROXY', '::/0'],
    ['RATE_LIMIT_PER_MINUTE', '-1'],
    ['DATABASE_URL', 'mysql://user:hunter2@db/app'],
    ['DATABASE_URL', 'postgresql://user:hunter2@db/app?sslmode=prefer'],
    ['DATABASE_POOL_SIZE', 'many'],
    ['DATABASE_PREPARED_STATEMENTS', 'perhaps'],
    ['LLM_PROVIDER', SECRET],
    ['OPENAI_API_KEY', `${SECRET}\nx`],
    ['OPENAI_API_KEY', `${SECRET} é`],
    ['OPENAI_BASE_URL', 'localhost:11434'],
    ['OPENAI_BASE_URL', 'ftp://host/v1'],
    ['OPENAI_BASE_URL', 'http://user:hunter2@host/v1'],
    ['OPENAI_BASE_URL', 'http://host/v1?key=hunter2'],
    ['OPENAI_STRUCTURED_OUTPUT', 'regex'],
    ['OPENAI_EXTRA_BODY', 'temperature=0'],
    ['OPENAI_EXTRA_BODY', '["hunter2"]'],
    ['OPENAI_EXTRA_BODY', '{"model":"hunter2"}'],
    ['HTTPS_PROXY', 'proxy.local:3128'],
    ['HTTPS_PROXY', 'socks5://user:hunter2@proxy.local'],
    ['HTTP_PROXY', 'http://user:%zz@proxy.local'],
    ['HTTP_PROXY', 'http://proxy.local/path'],
    ['LLM_PRICES', 'free'],
    ['LLM_PRICES', '[1]'],
    ['LLM_PRICES', '{"gpt-x":{"input":1}}'],
    ['LLM_PRICES', '{"gpt-x":{"input":-1,"output":2}}'],
    ['LLM_PRICES', '{"gpt-x":{"input":1e308,"output":2}}'],
    ['LLM_PRICES', '{"gpt-x":{"input":"1","output":2}}'],
    ['LLM_PRICES', '{"gpt-x":{"input":1,"output":2,"cached":1}}'],
    ['DAILY_BUDGET_USD', '0.00'],
    ['DAILY_BUDGET_USD', '-5'],
    ['DAILY_BUDGET_USD', '1e3'],
    ['DAILY_BUDGET_USD', '$5'],
    ['RETENTION_DAYS', '0000'],
    ['RETENTION_DAYS', '1.5'],
    ['PROMPT_VERSION', '../v1'],
    ['PROMPT_VERSION', 'v1/../..'],
    ['PROMPT_VERSION', '/etc'],
    ['PROMPT_VERSION', '..'],
    ['LOG_LEVEL', 'loud'],
  ])('rejects %s=%s in one line with an example and without the value', (name, value) => {
    const error = errorOf({ [name]: value });
    expect(error.split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^${name} must be .+, for example ${name}=.+`)),
    ]);
    expect(error).not.toContain(value);
  });

  it.each([
    'http://127.0.0.1:1/v1/chat/completions',
    'http://127.0.0.1:1/v1/chat/completions/',
    'http://127.0.0.1:1/v1/responses',
    'http://127.0.0.1:1/v1/responses/',
    'http://127.0.0.1:1/v1/responses//',
    'http://127.0.0.1:1/v1//',
    'http://127.0.0.1:1/v1',
  ])('reads OPENAI_BASE_URL=%s without the path of the API', (OPENAI_BASE_URL) => {
    expect(loadConfig({ OPENAI_BASE_URL }).OPENAI_BASE_URL).toBe('http://127.0.0.1:1/v1');
  });

  it('says that OPENAI_BASE_URL must not have a query', () => {
    expect(errorOf({ OPENAI_BASE_URL: 'https://host/v1?api-version=1' })).toContain(
      'without query, fragment and credentials',
    );
  });

  it('parses OPENAI_EXTRA_BODY', () => {
    expect(loadConfig({ OPENAI_EXTRA_BODY: '{"temperature":0}' }).OPENAI_EXTRA_BODY).toEqual({ temperature: 0 });
  });

  it.each([
    ['OPENAI_API_KEY', `"${SECRET}"`],
    ['OPENAI_API_KEY', `'${SECRET}'`],
    ['API_KEYS', `"support:${SECRET}"`],
    ['OPENAI_MODEL', '"gpt-4o-mini"'],
    ['OPENAI_EXTRA_BODY', `'{"user":"${SECRET}"}'`],
    ['NO_PROXY', '"internal.example.org"'],
    ['PORT', '"8000"'],
  ])('rejects quotes around the value: %s=%s', (name, value) => {
    const error = errorOf({ [name]: value });
    expect(error).toMatch(new RegExp(`^${name} must not have quotes around its value, .+$`));
    expect(error).not.toContain(SECRET);
  });

  it('rejects every invalid variable in a line of its own', () => {
    const lines = errorOf({ PORT: 'x', LOG_LEVEL: 'x', LLM_PROVIDER: 'openai' }).split('\n');
    expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual(['LOG_LEVEL', 'OPENAI_API_KEY', 'PORT']);
  });

  it('accepts its own examples, except for those that only a shell can expand', () => {
    const examples = Object.fromEntries(
      Object.entries(Environment.properties).map(([name, schema]) => [name, schema.examples?.[0]]),
    );
    const lines = errorOf(examples).split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['API_KEYS', 'METRICS_KEY']);
    const expanded = { API_KEYS: `support:${SECRET}`, METRICS_KEY: `${SECRET}-metrics` };
    expect(() => loadConfig({ ...examples, ...expanded })).not.toThrow();
  });

  it('accepts a key of 20 characters, padding included', () => {
    expect(loadConfig({ API_KEYS: 'a:0123456789abcdefgh==' }).API_KEYS).toEqual([
      { name: 'a', key: '0123456789abcdefgh==' },
    ]);
  });

  it('accepts two API keys with one name', () => {
    const { API_KEYS } = loadConfig({ API_KEYS: `support:${SECRET}, support:${SECRET}+new=,crm:${SECRET}/2` });
    expect(API_KEYS).toEqual([
      { name: 'support', key: SECRET },
      { name: 'support', key: `${SECRET}+new=` },
      { name: 'crm', key: `${SECRET}/2` },
    ]);
  });

  it('accepts a METRICS_KEY that is not in API_KEYS', () => {
    expect(loadConfig({ METRICS_KEY: SECRET }).METRICS_KEY).toBe(SECRET);
    expect(loadConfig({ METRICS_KEY: SECRET, API_KEYS: `crm:${SECRET}2` }).METRICS_KEY).toBe(SECRET);
    const error = errorOf({ METRICS_KEY: SECRET, API_KEYS: `support:${SECRET}2,crm:${SECRET}` });
    expect(error).toMatch(/^METRICS_KEY must be a key that is not in API_KEYS[^\n]+$/);
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'tickets.local', '127.0.0.1.example.org'])(
    'rejects HOST=%s without API_KEYS and without ALLOW_ANONYMOUS',
    (HOST) => {
      const error = /^HOST accepts clients from other machines.*: set API_KEYS=.+, or ALLOW_ANONYMOUS=true if .+$/;
      expect(errorOf({ HOST })).toMatch(error);
      expect(errorOf({ HOST, METRICS_KEY: SECRET })).toMatch(error);
      expect(loadConfig({ HOST, API_KEYS: `a:${SECRET}` }).HOST).toBe(HOST);
      expect(loadConfig({ HOST, ALLOW_ANONYMOUS: 'true' }).HOST).toBe(HOST);
    },
  );

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('accepts HOST=%s without API_KEYS', (HOST) => {
    expect(loadConfig({ HOST }).HOST).toBe(HOST);
  });

  it('reads prices, the budget and the retention', () => {
    const environment = {
      LLM_PRICES: '{"llama3.2":{"input":0.15,"output":0.6}}',
      DAILY_BUDGET_USD: '2.5',
      RETENTION_DAYS: '365',
    };
    expect(loadConfig(environment)).toMatchObject({
      LLM_PRICES: { 'llama3.2': { input: 0.15, output: 0.6 } },
      DAILY_BUDGET_USD: 2.5,
      RETENTION_DAYS: 365,
    });
  });

  it("accepts the Python app's .env", () => {
    const environment = dotenv.parse(
      'DATABASE_URL=sqlite+pysqlite:///./data/app.db\nOPENAI_API_KEY=sk-x\nOPENAI_MODEL=gpt-x\nPROMPT_VERSION=v1\nLOG_LEVEL=WARNING\nAPP_ENV=dev\n',
    );
    expect(loadConfig(environment)).toMatchObject({
      DATABASE_URL: './data/app.db',
      DATABASE_POOL_SIZE: 10,
      DATABASE_PREPARED_STATEMENTS: true,
      LLM_PROVIDER: 'openai',
      OPENAI_MODEL: 'gpt-x',
      LOG_LEVEL: 'warn',
    });
  });

  it.each([
    ['INFO', 'info'],
    ['WARNING', 'warn'],
    ['CRITICAL', 'fatal'],
  ])("accepts Python's log level %s as %s", (LOG_LEVEL, level) => {
    expect(loadConfig({ LOG_LEVEL }).LOG_LEVEL).toBe(level);
  });
});

function errorOf(environment: Record<string, string>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('loadConfig accepted the environment');
}
