import { isIP } from 'node:net';
import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import dotenv from 'dotenv';
import { databasePath } from './db/path.ts';
import { StartError } from './errors.ts';
import { AJV_OPTIONS } from './schemas/ajv.ts';
import { OneOf } from './schemas/text.ts';

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

/** Keys have the characters that RFC 6750 allows in a bearer token. */
const API_KEYS = /^[\w.-]{1,64}:[\w.~+/-]{20,}=*(?:,\s*[\w.-]{1,64}:[\w.~+/-]{20,}=*)*$/;

/**
 * Every variable that the service reads. `description` completes "PORT must be …" and `examples[0]` is a good value;
 * a wrong value itself is never shown, it may be a secret that went into the wrong line.
 */
export const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'an address of this machine', examples: ['127.0.0.1'] }),
  PORT: wholeNumber(8000, 0, 65535, 'a free port, from 1 to 65535, or 0 for any', '8001'),
  API_KEYS: Type.Optional(
    Type.String({
      pattern: API_KEYS.source,
      description: 'name:key pairs with commas between, each key of at least 20 letters, digits or -._~+/=',
      examples: ['support:a-long-random-key-of-yours'],
    }),
  ),
  ALLOW_ANONYMOUS: OneOf(['true', 'false'], {
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
    OneOf(['openai', 'offline'], { description: 'openai or offline', examples: ['offline'] }),
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
  OPENAI_API: OneOf(['responses', 'chat'], {
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
  LOG_LEVEL: OneOf(LOG_LEVELS, {
    default: 'info',
    description: `one of ${LOG_LEVELS.join(', ')}`,
    examples: ['info'],
  }),
});

/** Who may call: the name is for the log. */
export interface ApiKey {
  name: string;
  key: string;
}

type Settings = Static<typeof Environment>;
type Parsed = 'LLM_PROVIDER' | 'DATABASE_URL' | 'API_KEYS' | 'ALLOW_ANONYMOUS' | 'TRUST_PROXY';
export type Config = Readonly<Omit<Settings, Parsed>> & {
  /** Empty: nobody is asked for one. */
  readonly apiKeys: readonly ApiKey[];
  /** Whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[];
  readonly LLM_PROVIDER: 'openai' | 'offline';
  /** The file that DATABASE_URL names. */
  readonly databasePath: string;
};

const ajv = new Ajv({ ...AJV_OPTIONS, allErrors: true, useDefaults: true });
ajv.addFormat('database-url', (value) => databasePath(value) !== undefined);
ajv.addFormat('http-url', isHttpUrl);
ajv.addFormat('networks', (value) => list(value).every(isNetwork));
const isEnvironment = ajv.compile<Settings>(Environment);

/** No credentials, which would be logged and which `fetch` refuses, and nothing that `/responses` cannot follow. */
function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#]/.test(value) && !url.username && !url.password;
}

const list = (text = '') =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

const isLoopback = (host: string) => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host);

type Name = keyof typeof Environment.properties;
const NAMES = Object.keys(Environment.properties) as Name[];

/** The Python app's names for the levels that are called otherwise here. */
const PYTHON_LOG_LEVELS: Record<string, string> = { warning: 'warn', critical: 'fatal' };

/** `process.env` over what `.env` in the working directory says. `process.env` itself stays as it is. */
export function readEnvironment(): NodeJS.ProcessEnv {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value?.trim()));
  dotenv.config({ quiet: true, processEnv: environment as dotenv.DotenvPopulateInput });
  return environment;
}

/**
 * The settings that an environment asks for; an empty variable counts as not set.
 *
 * @throws StartError with one line per variable that cannot be used.
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const values = Object.fromEntries(NAMES.map((name) => [name, read(name, environment[name]?.trim())]));
  const wrong = new Set(isEnvironment(values) ? [] : isEnvironment.errors?.map((error) => error.instancePath.slice(1)));
  const lines = [...wrong].map((name) => complaint(name as Name));
  const hasProvider = values.OPENAI_API_KEY || values.OPENAI_BASE_URL;
  if (values.LLM_PROVIDER === 'openai' && !hasProvider) {
    lines.push(
      `OPENAI_API_KEY must be set when LLM_PROVIDER is openai and OPENAI_BASE_URL is not set, for example ${example('OPENAI_API_KEY')}`,
    );
  }
  if (
    !isLoopback(String(values.HOST)) &&
    !values.API_KEYS &&
    values.ALLOW_ANONYMOUS !== 'true' &&
    !wrong.has('API_KEYS')
  ) {
    lines.push(
      `HOST lets others in: set ${example('API_KEYS')}, or ${example('ALLOW_ANONYMOUS')} if something in front of the server checks who calls`,
    );
  }
  if (lines.length > 0) throw new StartError(lines.join('\n'));

  const { DATABASE_URL, API_KEYS, ALLOW_ANONYMOUS: _, TRUST_PROXY, ...settings } = values as unknown as Settings;
  return Object.freeze({
    ...settings,
    LLM_PROVIDER: settings.LLM_PROVIDER ?? (hasProvider ? 'openai' : 'offline'),
    apiKeys: list(API_KEYS).map((pair) => {
      const [name = '', key = ''] = pair.split(':');
      return { name, key };
    }),
    trustProxy: list(TRUST_PROXY),
    databasePath: databasePath(DATABASE_URL) as string,
  });
}

/** The settings without what is secret, for the log: of keys only the names, or that there is one. */
export const withoutSecrets = ({ apiKeys, OPENAI_API_KEY, ...config }: Config): object => ({
  ...config,
  apiKeys: apiKeys.map(({ name }) => name),
  OPENAI_API_KEY: OPENAI_API_KEY !== undefined,
});

/** A variable's text as the schema wants it; a number only if it is written as one. */
function read(name: Name, text: string | undefined): string | number | undefined {
  if (!text) return undefined;
  if (name === 'LOG_LEVEL') return PYTHON_LOG_LEVELS[text.toLowerCase()] ?? text.toLowerCase();
  return Environment.properties[name].type === 'integer' && /^\d+$/.test(text) ? Number(text) : text;
}

/** The line for a variable whose value cannot be used. */
export const complaint = (name: Name): string =>
  `${name} must be ${Environment.properties[name].description}, for example ${example(name)}`;

const example = (name: Name) => `${name}=${Environment.properties[name].examples?.[0]}`;
