import { isIP } from 'node:net';
import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { StringEnum } from '../schemas/text.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { parseExtraBody } from './extra-body.ts';
import { parsePrices } from './prices.ts';
import { isBaseUrl, isProxyUrl } from './urls.ts';

/** At least 20 of the characters that RFC 6750 allows in a bearer token. */
const KEY_PATTERN = '^(?=.{20})[\\w.~+/-]+=*$';
const KEY = new RegExp(KEY_PATTERN);

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

function integer(
  defaultValue: number,
  minimum: number,
  maximum: number,
  description = `a whole number from ${minimum} to ${maximum}`,
  example = String(defaultValue),
) {
  return Type.Integer({ default: defaultValue, minimum, maximum, description, examples: [example] });
}

const proxy = () =>
  Type.Optional(
    Type.String({
      format: 'proxy-url',
      description: 'an http: or https: URL of a proxy without path',
      examples: ['http://proxy.example.org:3128'],
    }),
  );

/**
 * Every environment variable that the service reads. `description` completes "PORT must be …"; `examples[0]` is a valid
 * value. Error messages never contain the invalid value: it may be a secret in the wrong variable.
 */
export const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'an address of this machine', examples: ['127.0.0.1'] }),
  PORT: integer(8000, 0, 65535, 'a free port from 1 to 65535, or 0 for any', '8001'),
  API_KEYS: Type.Optional(
    Type.String({
      format: 'api-keys',
      description:
        'a comma-separated list of name:key with distinct keys of at least 20 letters, digits or -._~+/ and = at the end',
      examples: ['"support:$(openssl rand -hex 32)"'],
    }),
  ),
  METRICS_KEY: Type.Optional(
    Type.String({
      pattern: KEY_PATTERN,
      description:
        'a key that is not in API_KEYS, of at least 20 letters, digits or -._~+/ and = at the end; it can only read /metrics',
      examples: ['"$(openssl rand -hex 32)"'],
    }),
  ),
  ALLOW_ANONYMOUS: StringEnum(['true', 'false'], {
    default: 'false',
    description: 'true if something in front of the server authenticates clients, otherwise false',
    examples: ['true'],
  }),
  TRUST_PROXY: Type.Optional(
    Type.String({
      format: 'networks',
      description: 'a comma-separated list of IP addresses or networks',
      examples: ['127.0.0.1,10.0.0.0/8'],
    }),
  ),
  RATE_LIMIT_PER_MINUTE: integer(0, 0, 1_000_000_000),
  PROCESS_RATE_LIMIT_PER_MINUTE: integer(0, 0, 1_000_000_000),
  RETENTION_DAYS: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 36_500, description: 'a whole number from 1 to 36500', examples: ['365'] }),
  ),
  DATABASE_URL: Type.String({
    default: './data/app.db',
    format: 'database-url',
    description:
      'the path of a SQLite file, a file: or sqlite: URL, or a postgresql: URL with a database and no other parameters ' +
      'than host, sslmode (disable, require, verify-ca with sslrootcert, verify-full), sslrootcert, sslcert, sslkey and ' +
      'application_name',
    examples: ['postgresql://user:password@localhost:5432/tickets'],
  }),
  DATABASE_POOL_SIZE: integer(10, 1, 1000),
  DATABASE_PREPARED_STATEMENTS: StringEnum(['true', 'false'], {
    default: 'true',
    description: 'false for a PgBouncer that does not keep prepared statements, otherwise true',
    examples: ['false'],
  }),
  LLM_PROVIDER: Type.Optional(
    StringEnum(['openai', 'offline'], { description: 'openai or offline', examples: ['offline'] }),
  ),
  OPENAI_API_KEY: Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]+$',
      description: 'a key of printable ASCII characters without spaces',
      examples: ['sk-your-key'],
    }),
  ),
  OPENAI_BASE_URL: Type.Optional(
    Type.String({
      format: 'base-url',
      description: 'an http: or https: URL without query, fragment and credentials',
      examples: ['http://127.0.0.1:11434/v1'],
    }),
  ),
  OPENAI_MODEL: Type.String({
    default: 'gpt-4o-mini-2024-07-18',
    pattern: '^\\S+$',
    description: "a model's name without spaces",
    examples: ['gpt-4o-mini-2024-07-18'],
  }),
  OPENAI_API: StringEnum(['responses', 'chat'], {
    default: 'responses',
    description: 'responses or chat',
    examples: ['chat'],
  }),
  OPENAI_STRUCTURED_OUTPUT: StringEnum(['json_schema', 'json_object', 'prompt'], {
    default: 'json_schema',
    description: 'json_schema, json_object or prompt',
    examples: ['json_object'],
  }),
  OPENAI_EXTRA_BODY: Type.Optional(
    Type.String({
      format: 'extra-body',
      description:
        'a JSON object with additional fields of the request, without model, messages, input, instructions, prompt, ' +
        'response_format, text.format, stream, stream_options, n, store, background, conversation and ' +
        'previous_response_id',
      examples: ['{"temperature":0}'],
    }),
  ),
  LLM_PRICES: Type.Optional(
    Type.String({
      format: 'model-prices',
      description:
        'a JSON object of models with dollars per million tokens: input, output and, if it differs from input, cached_input',
      examples: ['{"llama3.2":{"input":0.15,"cached_input":0.075,"output":0.6}}'],
    }),
  ),
  DAILY_BUDGET_USD: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: 'a number of dollars above 0', examples: ['25'] }),
  ),
  OPENAI_MAX_ATTEMPTS: integer(3, 1, 10),
  OPENAI_TIMEOUT_MS: integer(20_000, 1, 300_000),
  HTTPS_PROXY: proxy(),
  HTTP_PROXY: proxy(),
  NO_PROXY: Type.Optional(
    Type.String({
      description: 'a comma-separated list of hosts',
      examples: ['ollama,.example.org,10.0.0.5:8080'],
    }),
  ),
  PROCESS_TIMEOUT_MS: integer(60_000, 1, 3_600_000),
  LLM_MAX_CONCURRENCY: integer(64, 1, 10_000),
  LLM_MAX_QUEUE: integer(1000, 0, 1_000_000),
  AUTO_PROCESS: StringEnum(['true', 'false'], {
    default: 'false',
    description: 'true or false',
    examples: ['true'],
  }),
  BACKGROUND_CONCURRENCY: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 10_000, description: 'a whole number from 0 to 10000', examples: ['32'] }),
  ),
  BACKGROUND_MAX_RUNS: integer(5, 1, 100),
  SHUTDOWN_GRACE_MS: integer(30_000, 0, 3_600_000),
  PROMPT_VERSION: Type.String({
    default: 'v1',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
    description: 'the name of a folder in prompts/, of letters, digits, dots and dashes',
    examples: ['v1'],
  }),
  LOG_LEVEL: StringEnum(LOG_LEVELS, {
    default: 'info',
    description: `one of ${LOG_LEVELS.join(', ')}`,
    examples: ['info'],
  }),
});

export type Settings = Static<typeof Environment>;
export type SettingName = keyof Settings;
export const SETTING_NAMES = Object.keys(Environment.properties) as SettingName[];

const ajv = new Ajv({ ...AJV_OPTIONS, allErrors: true, useDefaults: true });
ajv.addFormat('api-keys', areApiKeys);
ajv.addFormat('database-url', (value) => parseDatabaseUrl(value) !== undefined);
ajv.addFormat('base-url', isBaseUrl);
ajv.addFormat('extra-body', (value) => parseExtraBody(value) !== undefined);
ajv.addFormat('model-prices', (value) => parsePrices(value) !== undefined);
ajv.addFormat('proxy-url', isProxyUrl);
ajv.addFormat('networks', (value) => parseList(value).every(isNetwork));

/** Checks each variable by itself and fills in the defaults. */
export const validateEnvironment = ajv.compile<Settings>(Environment);

/** Splits a comma-separated list; ignores empty items. */
export const parseList = (text = ''): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Splits `name:key`. */
export function parseApiKey(pair: string): { name: string; key: string } {
  const [name = '', key = ''] = pair.split(':');
  return { name, key };
}

function isApiKey(pair: string): boolean {
  const { name, key } = parseApiKey(pair);
  return /^[\w.-]{1,64}$/.test(name) && KEY.test(key) && pair === `${name}:${key}`;
}

/** Requires distinct keys: the log could not tell two names of one key apart. */
function areApiKeys(text: string): boolean {
  const pairs = parseList(text);
  const keys = new Set(pairs.map((pair) => parseApiKey(pair).key));
  return keys.size > 0 && keys.size === pairs.length && pairs.every(isApiKey);
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
