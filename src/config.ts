import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import dotenv from 'dotenv';
import { databasePath } from './db/path.ts';
import { StartError } from './errors.ts';
import { OneOf } from './schemas/text.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/**
 * Every variable that the service reads. `description` completes "PORT must be …" and `examples[0]` is a good value;
 * a wrong value itself is never shown, it may be a secret that went into the wrong line.
 */
export const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'an address to listen on', examples: ['127.0.0.1'] }),
  PORT: Type.Integer({
    default: 8000,
    minimum: 0,
    maximum: 65535,
    description: 'a whole number from 0 (any free port) to 65535',
    examples: ['8000'],
  }),
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
    description: "a model's name",
    examples: ['gpt-4o-mini-2024-07-18'],
  }),
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

export type Config = Readonly<Omit<Static<typeof Environment>, 'LLM_PROVIDER'>> & {
  readonly LLM_PROVIDER: 'openai' | 'offline';
};

const ajv = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true });
ajv.addFormat('database-url', (value) => databasePath(value) !== undefined);
ajv.addFormat('http-url', (value) => /^https?:/i.test(value) && URL.canParse(value));
const isEnvironment = ajv.compile<Static<typeof Environment>>(Environment);

/** The Python app's names for the levels that are called otherwise here. */
const PYTHON_LOG_LEVELS: Record<string, string> = { warning: 'warn', critical: 'fatal' };

/** `process.env` over what `.env` in the working directory says. `process.env` itself stays as it is. */
export function readEnvironment(): NodeJS.ProcessEnv {
  const environment = { ...process.env };
  dotenv.config({ quiet: true, processEnv: environment as dotenv.DotenvPopulateInput });
  return environment;
}

/**
 * The settings that an environment asks for; an empty variable counts as not set.
 *
 * @throws StartError with one line per variable that cannot be used.
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(Environment.properties)) values[name] = environment[name] || undefined;
  const level = environment.LOG_LEVEL?.toLowerCase();
  if (level) values.LOG_LEVEL = PYTHON_LOG_LEVELS[level] ?? level;

  const wrong = new Set<string>();
  if (!isEnvironment(values)) {
    for (const error of isEnvironment.errors ?? []) wrong.add(error.instancePath.slice(1));
  }
  const lines = [...wrong].map((name) => complaint(name as keyof typeof Environment.properties));
  if (values.LLM_PROVIDER === 'openai' && !values.OPENAI_API_KEY) {
    lines.push('OPENAI_API_KEY must be set when LLM_PROVIDER is openai, for example OPENAI_API_KEY=sk-your-key');
  }
  if (lines.length > 0) throw new StartError(lines.join('\n'));

  const config = values as Static<typeof Environment>;
  return Object.freeze({
    ...config,
    LLM_PROVIDER: config.LLM_PROVIDER ?? (config.OPENAI_API_KEY ? 'openai' : 'offline'),
  });
}

function complaint(name: keyof typeof Environment.properties): string {
  const { description, examples } = Environment.properties[name] as { description: string; examples: [string] };
  return `${name} must be ${description}, for example ${name}=${examples[0]}`;
}
