import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfig } from './config/load.ts';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const lock = JSON.parse(read('package-lock.json'));
const packageJson = JSON.parse(read('package.json'));

test('no npm compiles better-sqlite3, which brings its binaries', () => {
  // npm before 11.13 takes its binding.gyp for a wish to; `npm install` may drop the line, then put it back by hand.
  expect(lock.packages['node_modules/better-sqlite3'].gypfile).toBe(false);
});

test('the lock file names no registry', () => {
  const named = Object.values<{ resolved?: string }>(lock.packages).filter(({ resolved }) => resolved);
  expect(named).toEqual([]);
});

test('only the install scripts that are needed are approved', () => {
  const { allowScripts } = packageJson;
  const withScripts = Object.entries<{ hasInstallScript?: boolean }>(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.split('node_modules/').at(-1));
  expect(Object.keys(allowScripts)).toEqual(expect.arrayContaining(withScripts));
  expect(Object.keys(allowScripts).filter((name) => allowScripts[name])).toEqual(['node']);
});

test('compose waits for a shutdown longer than that takes', () => {
  const seconds = Number(/stop_grace_period: (\d+)s/.exec(read('compose.yaml'))?.[1]);
  expect(seconds * 1000).toBeGreaterThan(loadConfig({}).SHUTDOWN_GRACE_MS + 5000);
});

/** What the README calls those that it does not call by their package's name. */
const CALLED: Record<string, string> = {
  ...{
    '@fastify/type-provider-typebox': 'its TypeBox provider',
    '@sinclair/typebox': 'TypeBox',
    'drizzle-orm': 'Drizzle',
  },
  ...{ '@biomejs/biome': 'Biome', typescript: 'TypeScript', fastify: 'Fastify' },
};

test('the README says what every package is for', () => {
  const { dependencies, devDependencies, optionalDependencies } = packageJson;
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const [, text = ''] = read('README.md').split('**Dependencies**');
  const paragraph = text.slice(0, text.indexOf('\n\n'));
  const missing = names.filter((name) => !name.startsWith('@types/') && !paragraph.includes(CALLED[name] ?? name));
  expect(missing).toEqual([]);
});
