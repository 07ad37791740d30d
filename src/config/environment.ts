import { readFileSync } from 'node:fs';
import dotenv from 'dotenv';
import { StartupError } from '../errors.ts';

/** By convention these are also read in lower case, which wins. */
const PROXY_SETTINGS = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'] as const;

/**
 * Returns `process.env` with `.env` of the working directory as fallback. Does not change `process.env`.
 *
 * @throws StartupError if `.env` is not UTF-8.
 */
export function readEnvironment(): NodeJS.ProcessEnv {
  return { ...normalize(readEnvFile()), ...normalize(process.env) };
}

/** Removes empty variables, and writes the names of proxy settings in upper case. */
function normalize(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const normalized = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  for (const name of PROXY_SETTINGS) {
    const lowerCase = name.toLowerCase();
    if (normalized[lowerCase] === undefined) continue;
    normalized[name] = normalized[lowerCase];
    delete normalized[lowerCase];
  }
  return normalized;
}

function readEnvFile(): Record<string, string> {
  let bytes: Buffer;
  try {
    bytes = readFileSync('.env');
  } catch {
    return {}; // it does not exist, or only the service manager may read it
  }
  if (/^(?:\xff\xfe|\xfe\xff)|\0/.test(bytes.toString('latin1'))) {
    throw new StartupError(
      '.env must be in UTF-8, but it is in UTF-16, as Windows PowerShell writes it: save it as UTF-8',
    );
  }
  return dotenv.parse(bytes);
}
