import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { describe, expect, it } from 'vitest';
import * as source from './urls.ts';

async function importBundled(): Promise<typeof source> {
  const input = fileURLToPath(new URL('urls.ts', import.meta.url));
  const { output } = await build({ input, platform: 'node', write: false, output: { minify: true } });
  return import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(output[0].code)}`);
}

describe('isProxyUrl', () => {
  it.each([
    ['the sources', async () => source],
    ['a bundle', importBundled],
  ])('checks the encoding of credentials in %s', async (_name, load) => {
    const { isProxyUrl } = await load();
    expect(isProxyUrl('http://user:p%40ss@proxy.test:3128')).toBe(true);
    expect(isProxyUrl('http://user:%zz@proxy.test:3128')).toBe(false);
    expect(isProxyUrl('http://%ff:password@proxy.test:3128')).toBe(false);
  });
});
