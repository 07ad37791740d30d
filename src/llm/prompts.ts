import { readdirSync, readFileSync } from 'node:fs';
import { StartupError } from '../errors.ts';
import { ROOT } from '../root.ts';

/** One folder per prompt version. */
export const PROMPTS_FOLDER = new URL('prompts/', ROOT);

export interface Prompt {
  /** The folder's name in `prompts/`, stored with every result. */
  version: string;
  system: string;
}

/**
 * Reads `prompts/<version>/ticket_process_system.txt`.
 *
 * @throws StartupError if it is missing or empty.
 */
export function loadPrompt(version: string, folder = PROMPTS_FOLDER): Prompt {
  const name = `${version}/ticket_process_system.txt`;
  const system = readText(new URL(name, folder));
  if (system === '') {
    const versions = readdirSync(folder).join(', ');
    throw new StartupError(`PROMPT_VERSION: prompts/${name} is missing or empty; the folder prompts/ has: ${versions}`);
  }
  return { version, system };
}

/** The empty string if the file cannot be read. */
function readText(file: URL): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
