import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8');

const items = [...read('SECURITY.md').matchAll(/^\*\*((?:API|LLM)\d+)(.*?)(?=^\*\*|^## |$(?![\s\S]))/gms)].map(
  ([, name = '', text = '']) => ({
    name,
    text,
    tests: [...(text.split('Shown by:')[1] ?? '').matchAll(/`(.+?)`/gs)].map(([, title = '']) =>
      title.replaceAll('\n', ' '),
    ),
  }),
);
const tests = globSync('src/**/*.test.ts', { cwd: ROOT })
  .filter((file) => file !== 'src/security.test.ts')
  .flatMap((file) => {
    const calls = read(file).matchAll(/(?:^test|\))\(\s*(['"`])(.+?)\1,/gm);
    return [...calls].map(([, , title = '']) => title);
  });

test('SECURITY.md has all of both lists', () => {
  const numbers = Array.from({ length: 10 }, (_, i) => i + 1);
  const names = [...numbers.map((n) => `API${n}`), ...numbers.map((n) => `LLM${String(n).padStart(2, '0')}`)];
  expect(items.map(({ name }) => name)).toEqual(names);
});

test.each(items)('$name is shown by tests that are there, or does not apply', ({ text, tests: titles }) => {
  expect(titles.filter((title) => !tests.includes(title))).toEqual([]);
  if (titles.length === 0) expect(text).toMatch(/Does not apply/);
});
