import { readFileSync, writeFileSync } from 'node:fs';
import dotenv from 'dotenv';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/folder.ts';
import { loadConfig, readEnvironment } from './load.ts';
import { Environment } from './schema.ts';

const SECRET = 'sk-secret-0123456789';

test('an empty environment gives the defaults', () => {
  expect(loadConfig({})).toEqual({
    HOST: '127.0.0.1',
    PORT: 8000,
    apiKeys: [],
    allowAnonymous: false,
    trustProxy: [],
    RATE_LIMIT_PER_MINUTE: 0,
    PROCESS_RATE_LIMIT_PER_MINUTE: 0,
    databasePath: './data/app.db',
    LLM_PROVIDER: 'offline',
    OPENAI_API_KEY: undefined,
    OPENAI_BASE_URL: undefined,
    OPENAI_MODEL: 'gpt-4o-mini-2024-07-18',
    OPENAI_API: 'responses',
    OPENAI_MAX_ATTEMPTS: 3,
    OPENAI_TIMEOUT_MS: 20_000,
    PROCESS_TIMEOUT_MS: 60_000,
    LLM_MAX_CONCURRENCY: 64,
    LLM_MAX_QUEUE: 1000,
    SHUTDOWN_GRACE_MS: 30_000,
    PROMPT_VERSION: 'v1',
    LOG_LEVEL: 'info',
  });
});

test('an empty variable counts as not set', () => {
  const empty = Object.fromEntries(Object.keys(Environment.properties).map((name) => [name, ' ']));
  expect(loadConfig(empty)).toEqual(loadConfig({}));
});

test('the config cannot be changed', () => {
  expect(Object.isFrozen(loadConfig({}))).toBe(true);
});

test('the provider is openai exactly when there is a key or a base URL, unless LLM_PROVIDER says otherwise', () => {
  expect(loadConfig({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }).LLM_PROVIDER).toBe('openai');
  expect(
    loadConfig({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', LLM_PROVIDER: 'openai' }).OPENAI_API_KEY,
  ).toBeUndefined();
  expect(loadConfig({ OPENAI_API_KEY: SECRET }).LLM_PROVIDER).toBe('openai');
  expect(loadConfig({ OPENAI_API_KEY: SECRET, LLM_PROVIDER: 'offline' }).LLM_PROVIDER).toBe('offline');
  expect(() => loadConfig({ LLM_PROVIDER: 'openai' })).toThrow(
    'OPENAI_API_KEY must be set when LLM_PROVIDER is openai',
  );
});

test.each([
  ['PORT', 'http'],
  ['PORT', '-1'],
  ['PORT', '65536'],
  ['PORT', '80.5'],
  ['PORT', '0x50'],
  ['PORT', '1e3'],
  ['API_KEYS', 'key-without-a-name-1234'],
  ['API_KEYS', 'support:too-short'],
  ['API_KEYS', `support:${SECRET}!`],
  ['API_KEYS', `support:${SECRET},${SECRET}`],
  ['API_KEYS', `support:${SECRET},crm:${SECRET}`],
  ['API_KEYS', ',,'],
  ['ALLOW_ANONYMOUS', 'perhaps'],
  ['TRUST_PROXY', 'proxy.local'],
  ['TRUST_PROXY', '10.0.0.0/33'],
  ['TRUST_PROXY', '0.0.0.0/0'],
  ['TRUST_PROXY', '::/0'],
  ['RATE_LIMIT_PER_MINUTE', '-1'],
  ['DATABASE_URL', 'postgresql://user:hunter2@db/app'],
  ['LLM_PROVIDER', SECRET],
  ['OPENAI_API_KEY', `${SECRET}\nx`],
  ['OPENAI_API_KEY', `${SECRET} é`],
  ['OPENAI_BASE_URL', 'localhost:11434'],
  ['OPENAI_BASE_URL', 'ftp://host/v1'],
  ['OPENAI_BASE_URL', 'http://user:hunter2@host/v1'],
  ['OPENAI_BASE_URL', 'http://host/v1?key=hunter2'],
  ['PROMPT_VERSION', '../v1'],
  ['PROMPT_VERSION', 'v1/../..'],
  ['PROMPT_VERSION', '/etc'],
  ['PROMPT_VERSION', '..'],
  ['LOG_LEVEL', 'loud'],
])('%s=%s is refused in one line with a good example and without the value', (name, value) => {
  const error = problem({ [name]: value });
  expect(error.split('\n')).toEqual([expect.stringMatching(new RegExp(`^${name} must be .+, for example ${name}=.+`))]);
  expect(error).not.toContain(value);
});

test('every bad variable has its line', () => {
  const lines = problem({ PORT: 'x', LOG_LEVEL: 'x', LLM_PROVIDER: 'openai' }).split('\n');
  expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual(['LOG_LEVEL', 'OPENAI_API_KEY', 'PORT']);
});

test('the good example of every variable is good, but for the one that only a shell makes a key of', () => {
  const examples = Object.fromEntries(
    Object.entries(Environment.properties).map(([name, schema]) => [name, schema.examples?.[0]]),
  );
  expect(problem(examples)).toMatch(/^API_KEYS must be [^\n]+$/);
  expect(() => loadConfig({ ...examples, API_KEYS: `support:${SECRET}` })).not.toThrow();
});

test('a key may have 20 characters, padding included', () => {
  expect(loadConfig({ API_KEYS: 'a:0123456789abcdefgh==' }).apiKeys).toEqual([
    { name: 'a', key: '0123456789abcdefgh==' },
  ]);
});

test('API keys are pairs of a name and a key; two may have the same name', () => {
  const { apiKeys } = loadConfig({ API_KEYS: `support:${SECRET}, support:${SECRET}+new=,crm:${SECRET}/2` });
  expect(apiKeys).toEqual([
    { name: 'support', key: SECRET },
    { name: 'support', key: `${SECRET}+new=` },
    { name: 'crm', key: `${SECRET}/2` },
  ]);
});

test.each(['0.0.0.0', '::', '192.168.1.5', 'tickets.local', '127.0.0.1.example.org'])(
  'HOST=%s is refused unless somebody checks who calls',
  (HOST) => {
    expect(problem({ HOST })).toMatch(/^HOST may let others in.*: set API_KEYS=.+, or ALLOW_ANONYMOUS=true if .+$/);
    expect(loadConfig({ HOST, API_KEYS: `a:${SECRET}` }).HOST).toBe(HOST);
    expect(loadConfig({ HOST, ALLOW_ANONYMOUS: 'true' }).HOST).toBe(HOST);
  },
);

test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('HOST=%s needs no key', (HOST) => {
  expect(loadConfig({ HOST }).HOST).toBe(HOST);
});

test("the Python app's .env works", () => {
  const env = dotenv.parse(
    'DATABASE_URL=sqlite+pysqlite:///./data/app.db\nOPENAI_API_KEY=sk-x\nOPENAI_MODEL=gpt-x\nPROMPT_VERSION=v1\nLOG_LEVEL=WARNING\nAPP_ENV=dev\n',
  );
  expect(loadConfig(env)).toMatchObject({ LLM_PROVIDER: 'openai', OPENAI_MODEL: 'gpt-x', LOG_LEVEL: 'warn' });
  expect(loadConfig({ LOG_LEVEL: 'INFO' }).LOG_LEVEL).toBe('info');
  expect(loadConfig({ LOG_LEVEL: 'CRITICAL' }).LOG_LEVEL).toBe('fatal');
});

test('.env is read, the environment wins, and process.env stays as it is', () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/.env`, 'OPENAI_MODEL=from-file\nPROMPT_VERSION=v7\n');
  const before = process.cwd();
  process.env.OPENAI_MODEL = 'from-environment';
  process.chdir(folder);
  try {
    expect(readEnvironment()).toMatchObject({ OPENAI_MODEL: 'from-environment', PROMPT_VERSION: 'v7' });
    expect(process.env.PROMPT_VERSION).toBeUndefined();
  } finally {
    process.chdir(before);
    delete process.env.OPENAI_MODEL;
  }
});

test("the README's table, .env.example and the schema name the same variables and defaults", () => {
  const schema = Object.entries(Environment.properties).map(([name, { default: value }]) => [
    name,
    String(value ?? ''),
  ]);

  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| (?:`([^`]*)`|–) \|/gm)].map(([, name, value]) => [
    name,
    value ?? '',
  ]);
  expect(rows).toEqual(schema);

  const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  const lines = [...example.matchAll(/^# ?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  expect(lines).toEqual(schema);
});

function problem(environment: Record<string, string>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}
