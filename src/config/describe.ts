import { redactDatabaseUrl } from './database-url.ts';
import { type Config, loadConfig } from './load.ts';
import { removeCredentials } from './urls.ts';

/** Returns the settings for the log: of API keys and body fields the names, of other secrets whether they are set. */
export const redactConfig = (config: Config) => ({
  ...config,
  API_KEYS: config.API_KEYS.map(({ name }) => name),
  METRICS_KEY: config.METRICS_KEY !== undefined,
  DATABASE_URL: redactDatabaseUrl(config.DATABASE_URL),
  OPENAI_API_KEY: config.OPENAI_API_KEY !== undefined,
  OPENAI_EXTRA_BODY: Object.keys(config.OPENAI_EXTRA_BODY), // a gateway may accept keys of providers in it
  HTTPS_PROXY: config.HTTPS_PROXY && removeCredentials(config.HTTPS_PROXY),
  HTTP_PROXY: config.HTTP_PROXY && removeCredentials(config.HTTP_PROXY),
});

/** Returns the redacted settings whose values differ from the defaults. */
export function nonDefaultSettings(config: Config): Record<string, unknown> {
  const defaults: Record<string, unknown> = redactConfig(loadConfig({}));
  const isDefault = (name: string, value: unknown) => JSON.stringify(value) === JSON.stringify(defaults[name]);
  return Object.fromEntries(Object.entries(redactConfig(config)).filter(([name, value]) => !isDefault(name, value)));
}
