import { StartupError } from '../errors.ts';
import type { ModelPrices } from '../schemas/model-prices.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { parseExtraBody } from './extra-body.ts';
import { parsePrices } from './prices.ts';
import {
  Environment,
  parseApiKey,
  parseList,
  SETTING_NAMES,
  type SettingName,
  type Settings,
  validateEnvironment,
} from './schema.ts';
import { removeApiPath } from './urls.ts';

export interface ApiKey {
  /** Appears in the log instead of the key. */
  name: string;
  key: string;
}

type ParsedSetting =
  | 'API_KEYS'
  | 'ALLOW_ANONYMOUS'
  | 'TRUST_PROXY'
  | 'DATABASE_PREPARED_STATEMENTS'
  | 'LLM_PROVIDER'
  | 'OPENAI_EXTRA_BODY'
  | 'LLM_PRICES'
  | 'AUTO_PROCESS'
  | 'BACKGROUND_CONCURRENCY';

/** The settings under the names of their variables, with parsed values. */
export type Config = Readonly<Omit<Settings, ParsedSetting>> & {
  /** Empty: clients need no key. */
  readonly API_KEYS: readonly ApiKey[];
  readonly ALLOW_ANONYMOUS: boolean;
  readonly TRUST_PROXY: readonly string[];
  /** A PostgreSQL URL, or the path of the SQLite file. */
  readonly DATABASE_URL: string;
  readonly DATABASE_PREPARED_STATEMENTS: boolean;
  readonly LLM_PROVIDER: 'openai' | 'offline';
  readonly OPENAI_EXTRA_BODY: Readonly<Record<string, unknown>>;
  readonly LLM_PRICES: ModelPrices;
  readonly AUTO_PROCESS: boolean;
  readonly BACKGROUND_CONCURRENCY: number;
};

/** The Python app's names for log levels. */
const PYTHON_LOG_LEVELS: Record<string, string> = { warning: 'warn', critical: 'fatal' };

/**
 * Validates an environment; an empty variable counts as not set.
 *
 * @throws StartupError with one line per invalid variable.
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const values = Object.fromEntries(SETTING_NAMES.map((name) => [name, readSetting(name, environment[name]?.trim())]));
  const errors = findErrors(values);
  if (errors.length > 0) throw new StartupError(errors.join('\n'));

  const settings = values as unknown as Settings;
  const hasProvider = settings.OPENAI_API_KEY || settings.OPENAI_BASE_URL;
  return Object.freeze({
    ...settings,
    API_KEYS: parseList(settings.API_KEYS).map(parseApiKey),
    ALLOW_ANONYMOUS: settings.ALLOW_ANONYMOUS === 'true',
    TRUST_PROXY: parseList(settings.TRUST_PROXY),
    DATABASE_URL: parseDatabaseUrl(settings.DATABASE_URL) as string,
    DATABASE_PREPARED_STATEMENTS: settings.DATABASE_PREPARED_STATEMENTS === 'true',
    LLM_PROVIDER: settings.LLM_PROVIDER ?? (hasProvider ? 'openai' : 'offline'),
    OPENAI_BASE_URL: settings.OPENAI_BASE_URL && removeApiPath(settings.OPENAI_BASE_URL),
    OPENAI_EXTRA_BODY: parseExtraBody(settings.OPENAI_EXTRA_BODY ?? '{}') as Record<string, unknown>,
    LLM_PRICES: parsePrices(settings.LLM_PRICES ?? '{}') as ModelPrices,
    AUTO_PROCESS: settings.AUTO_PROCESS === 'true',
    BACKGROUND_CONCURRENCY: settings.BACKGROUND_CONCURRENCY ?? Math.ceil(settings.LLM_MAX_CONCURRENCY / 2),
  });
}

/** Returns the variable's text as the type that its schema wants. A number counts as one only in decimal digits. */
function readSetting(name: SettingName, text: string | undefined): string | number | undefined {
  if (!text) return undefined;
  if (name === 'LOG_LEVEL') return PYTHON_LOG_LEVELS[text.toLowerCase()] ?? text.toLowerCase();
  const { type } = Environment.properties[name];
  const isNumber = (type === 'integer' && /^\d+$/.test(text)) || (type === 'number' && /^\d+(?:\.\d+)?$/.test(text));
  return isNumber ? Number(text) : text;
}

/** Returns one line per invalid variable, and fills in the defaults. */
function findErrors(values: Record<string, unknown>): string[] {
  validateEnvironment(values);
  const invalid = new Set(validateEnvironment.errors?.map(({ instancePath }) => instancePath.slice(1) as SettingName));
  const { HOST, API_KEYS, METRICS_KEY, ALLOW_ANONYMOUS, LLM_PROVIDER, OPENAI_API_KEY, OPENAI_BASE_URL } =
    values as unknown as Settings;
  for (const name of SETTING_NAMES) if (isQuoted(values[name])) invalid.add(name);
  if (METRICS_KEY && parseList(API_KEYS).some((pair) => parseApiKey(pair).key === METRICS_KEY)) {
    invalid.add('METRICS_KEY');
  }

  const errors = [...invalid].map((name) => (isQuoted(values[name]) ? formatQuotesError(name) : formatError(name)));
  if (LLM_PROVIDER === 'openai' && !OPENAI_API_KEY && !OPENAI_BASE_URL) {
    const fix = `for example ${formatExample('OPENAI_API_KEY')}`;
    errors.push(`OPENAI_API_KEY must be set when LLM_PROVIDER is openai and OPENAI_BASE_URL is not set, ${fix}`);
  }
  if (!isLoopback(HOST) && !API_KEYS && ALLOW_ANONYMOUS !== 'true') {
    const fix =
      `set ${formatExample('API_KEYS')}, or ${formatExample('ALLOW_ANONYMOUS')} ` +
      'if something in front of the server authenticates clients';
    errors.push(`HOST accepts clients from other machines, unless it is localhost, 127.0.0.1 or ::1: ${fix}`);
  }
  return errors;
}

const isQuoted = (value: unknown) => typeof value === 'string' && /^(["']).*\1$/s.test(value);

const formatQuotesError = (name: SettingName) =>
  `${name} must not have quotes around its value, which docker --env-file does not remove: write ${name}=value`;

const isLoopback = (host: string) => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host);

/** Returns the line for a variable whose value cannot be used. */
export const formatError = (name: SettingName): string =>
  `${name} must be ${Environment.properties[name].description}, for example ${formatExample(name)}`;

const formatExample = (name: SettingName) => `${name}=${Environment.properties[name].examples?.[0]}`;
