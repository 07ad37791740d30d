import dotenv from 'dotenv';
import { StartupError } from '../errors.ts';
import { databasePath } from './database-path.ts';
import { Environment, list, type Settings, validateEnvironment } from './schema.ts';

/** Who may call: the name is for the log. */
export interface ApiKey {
  name: string;
  key: string;
}

type Parsed = 'LLM_PROVIDER' | 'DATABASE_URL' | 'API_KEYS' | 'ALLOW_ANONYMOUS' | 'TRUST_PROXY';
export type Config = Readonly<Omit<Settings, Parsed>> & {
  /** Empty: nobody is asked for one. */
  readonly apiKeys: readonly ApiKey[];
  /** Something in front checks who calls. */
  readonly allowAnonymous: boolean;
  /** Whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[];
  readonly LLM_PROVIDER: 'openai' | 'offline';
  /** The file that DATABASE_URL names. */
  readonly databasePath: string;
};

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
 * @throws StartupError with one line per variable that cannot be used.
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const values = Object.fromEntries(NAMES.map((name) => [name, read(name, environment[name]?.trim())]));
  const wrong = new Set(
    validateEnvironment(values) ? [] : validateEnvironment.errors?.map((error) => error.instancePath.slice(1)),
  );
  const lines = [...wrong].map((name) => formatError(name as Name));
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
      `HOST may let others in, as any but localhost, 127.0.0.1 and ::1: set ${example('API_KEYS')}, or ${example('ALLOW_ANONYMOUS')} if something in front of the server checks who calls`,
    );
  }
  if (lines.length > 0) throw new StartupError(lines.join('\n'));

  const { DATABASE_URL, API_KEYS, ALLOW_ANONYMOUS, TRUST_PROXY, ...settings } = values as unknown as Settings;
  return Object.freeze({
    ...settings,
    LLM_PROVIDER: settings.LLM_PROVIDER ?? (hasProvider ? 'openai' : 'offline'),
    apiKeys: list(API_KEYS).map((pair) => {
      const [name = '', key = ''] = pair.split(':');
      return { name, key };
    }),
    allowAnonymous: ALLOW_ANONYMOUS === 'true',
    trustProxy: list(TRUST_PROXY),
    databasePath: databasePath(DATABASE_URL) as string,
  });
}

/** The settings without what is secret, for the log: of keys only the names, or that there is one. */
export const redactConfig = ({ apiKeys, OPENAI_API_KEY, ...config }: Config): object => ({
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
export const formatError = (name: Name): string =>
  `${name} must be ${Environment.properties[name].description}, for example ${example(name)}`;

const example = (name: Name) => `${name}=${Environment.properties[name].examples?.[0]}`;
