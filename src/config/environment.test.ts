import { writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { StartupError } from '../errors.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { readEnvironment } from './environment.ts';

/** Reads the environment in a folder with this `.env`. */
function readWith(file: string | Buffer | undefined, environment: Record<string, string> = {}) {
  const folder = temporaryFolder();
  if (file !== undefined) writeFileSync(`${folder}/.env`, file);
  vi.spyOn(process, 'env', 'get').mockReturnValue(environment);
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
    vi.restoreAllMocks();
  });
  return readEnvironment();
}

describe('readEnvironment', () => {
  it('reads .env, prefers the environment and leaves process.env unchanged', () => {
    const environment = { OPENAI_MODEL: 'from-environment', LOG_LEVEL: ' ' };
    expect(readWith('OPENAI_MODEL=from-file\nPROMPT_VERSION=v7\nLOG_LEVEL=warn\n', environment)).toEqual({
      OPENAI_MODEL: 'from-environment',
      PROMPT_VERSION: 'v7',
      LOG_LEVEL: 'warn',
    });
    expect(environment).toEqual({ OPENAI_MODEL: 'from-environment', LOG_LEVEL: ' ' });
  });

  it('works without .env', () => {
    expect(readWith(undefined, { PORT: '1' })).toEqual({ PORT: '1' });
  });

  it('removes quotes and a byte order mark from .env and keeps JSON', () => {
    const file = '\ufeffOPENAI_API_KEY="sk-x"\nOPENAI_EXTRA_BODY={"temperature":0}\nOPENAI_MODEL=\'m\'\n';
    expect(readWith(file)).toEqual({
      OPENAI_API_KEY: 'sk-x',
      OPENAI_EXTRA_BODY: '{"temperature":0}',
      OPENAI_MODEL: 'm',
    });
  });

  it.each([
    ['little endian', Buffer.from('\ufeffPORT=1\n', 'utf16le')],
    ['big endian', Buffer.from('\ufeffPORT=1\n', 'utf16le').swap16()],
    ['no byte order mark', Buffer.from('PORT=1\n', 'utf16le')],
  ])('rejects a .env in UTF-16 with %s', (_name, file) => {
    expect(() => readWith(file)).toThrow(StartupError);
    expect(() => readWith(file)).toThrow(/^\.env must be in UTF-8, but it is in UTF-16/);
  });

  it('reads proxies in lower case, which wins, but not over the environment', () => {
    expect(
      readWith('https_proxy=http://file:1\nno_proxy=file\n', {
        HTTPS_PROXY: 'http://upper:1',
        HTTP_PROXY: 'http://upper:1',
        http_proxy: 'http://lower:1',
      }),
    ).toEqual({ HTTPS_PROXY: 'http://upper:1', HTTP_PROXY: 'http://lower:1', NO_PROXY: 'file' });
  });
});
