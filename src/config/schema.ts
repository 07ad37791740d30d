import { isIP } from 'node:net';
import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { StringEnum } from '../schemas/text.ts';
import { databasePath } from './database-path.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

function wholeNumber(
  fallback: number,
  minimum: number,
  maximum: number,
  description = `a whole number from ${minimum} to ${maximum}`,
  example = String(fallback),
) {
  return Type.Integer({ default: fallback, minimum, maximum, description, examples: [example] });
}

/**
 * Every variable that the service reads. `description` completes "PORT must be …" and `examples[0]` is a good value;
 * a wrong value itself is never shown, it may be a secret that went into the wrong line.
 */
export const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'an address of this machine', examples: ['127.0.0.1'] }),
  PORT: wholeNumber(8000, 0, 65535, 'a free port, from 1 to 65535, or 0 for any', '8001'),
  API_KEYS: Type.Optional(
    Type.String({
      format: 'api-keys',
      description:
        'name:key pairs with commas between, each key unlike the others, of at least 20 letters, digits or -._~+/=',
      examples: ['"support:$(openssl rand -hex 32)"'],
    }),
  ),
  ALLOW_ANONYMOUS: StringEnum(['true', 'false'], {
    default: 'false',
    description: 'true, if something in front of the server checks who calls, or false',
    examples: ['true'],
  }),
  TRUST_PROXY: Type.Optional(
    Type.String({
      format: 'networks',
      description: 'IP addresses or networks with commas between',
      examples: ['127.0.0.1,10.0.0.0/8'],
    }),
  ),
  RATE_LIMIT_PER_MINUTE: wholeNumber(0, 0, 1_000_000_000),
  PROCESS_RATE_LIMIT_PER_MINUTE: wholeNumber(0, 0, 1_000_000_000),
  DATABASE_URL: Type.String({
    default: './data/app.db',
    format: 'database-url',
    description: 'the path of a SQLite file, or a file: or sqlite: URL',
    examples: ['sqlite:///./data/app.db'],
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
    Type.String({ format: 'http-url', description: 'an http: or https: URL', examples: ['http://127.0.0.1:11434/v1'] }),
  ),
  OPENAI_MODEL: Type.String({
    default: 'gpt-4o-mini-2024-07-18',
    pattern: '^\\S+$',
    description: "a model's name, without spaces",
    examples: ['gpt-4o-mini-2024-07-18'],
  }),
  OPENAI_API: StringEnum(['responses', 'chat'], {
    default: 'responses',
    description: 'responses or chat',
    examples: ['chat'],
  }),
  OPENAI_MAX_ATTEMPTS: wholeNumber(3, 1, 10),
  OPENAI_TIMEOUT_MS: wholeNumber(20_000, 1, 300_000),
  PROCESS_TIMEOUT_MS: wholeNumber(60_000, 1, 3_600_000),
  LLM_MAX_CONCURRENCY: wholeNumber(64, 1, 10_000),
  LLM_MAX_QUEUE: wholeNumber(1000, 0, 1_000_000),
  SHUTDOWN_GRACE_MS: wholeNumber(30_000, 0, 3_600_000),
  PROMPT_VERSION: Type.String({
    default: 'v1',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
    description: "a folder's name in prompts/: letters, digits, dots, dashes",
    examples: ['v1'],
  }),
  LOG_LEVEL: StringEnum(LOG_LEVELS, {
    default: 'info',
    description: `one of ${LOG_LEVELS.join(', ')}`,
    examples: ['info'],
  }),
});

export type Settings = Static<typeof Environment>;

const ajv = new Ajv({ ...AJV_OPTIONS, allErrors: true, useDefaults: true });
ajv.addFormat('api-keys', areApiKeys);
ajv.addFormat('database-url', (value) => databasePath(value) !== undefined);
ajv.addFormat('http-url', isHttpUrl);
ajv.addFormat('networks', (value) => list(value).every(isNetwork));
/** Whether the values are good; fills the defaults in. */
export const validateEnvironment = ajv.compile<Settings>(Environment);

/** No credentials, which would be logged and which `fetch` refuses, and nothing that `/responses` cannot follow. */
function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#]/.test(value) && !url.username && !url.password;
}

/** What stands between the commas. */
export const list = (text = '') =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const API_KEY = /^[\w.-]{1,64}:(?=.{20})[\w.~+/-]+=*$/; // the characters that RFC 6750 allows in a bearer token

/** A key with two names would be logged as the first's. */
function areApiKeys(text: string): boolean {
  const pairs = list(text);
  const keys = new Set(pairs.map((pair) => pair.slice(pair.indexOf(':'))));
  return keys.size > 0 && keys.size === pairs.length && pairs.every((pair) => API_KEY.test(pair));
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
