import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('.', import.meta.url));

/** Every import of the sources that are no tests: from which file, and of what (a path in src, or a package). */
const imports = globSync('**/*.ts', { cwd: SRC })
  .filter((file) => !/\.(?:test|soak|browser)\.ts$/.test(file) && !file.startsWith('testing/'))
  .flatMap((file) => {
    const source = readFileSync(join(SRC, file), 'utf8');
    const specifiers = [...source.matchAll(/(?:^(?:import|export)\b[^;]*?\bfrom |\bimport\()'([^']+)'/gm)].map(
      (match) => match[1] ?? '',
    );
    return specifiers.map((name) => ({
      file,
      imported: name.startsWith('.') ? relative(SRC, join(SRC, dirname(file), name)) : name,
    }));
  });

const from = (folder: string) => imports.filter(({ file }) => file.startsWith(folder));
const of = (pattern: RegExp) => imports.filter(({ imported }) => pattern.test(imported));
const HTTP = /^(?:routes|http|app\.ts|server\.ts|shutdown\.ts)/;

test('only src/llm knows OpenAI', () => {
  const files = of(/^openai/).map(({ file }) => file);
  expect(files).not.toHaveLength(0);
  for (const file of files) expect(file).toMatch(/^llm\//);
});

test('only src/db knows SQLite and Drizzle', () => {
  const files = of(/^(?:better-sqlite3|drizzle-orm)/).map(({ file }) => file);
  expect(files).not.toHaveLength(0);
  for (const file of files) expect(file).toMatch(/^db\//);
});

test('only src/metrics knows Prometheus', () => {
  const files = of(/^prom-client/).map(({ file }) => file);
  expect(files).not.toHaveLength(0);
  for (const file of files) expect(file).toMatch(/^metrics\//);
});

test('only the HTTP side knows Fastify', () => {
  const files = of(/^@?fastify/).map(({ file }) => file);
  expect(files).not.toHaveLength(0);
  for (const file of files) expect(file).toMatch(HTTP);
});

test.each([
  ['db', /^(?:llm|processing)\//],
  ['llm', /^(?:db|processing)\//],
  ['db', HTTP],
  ['llm', HTTP],
  ['processing', HTTP],
  ['schemas', /^(?:db|llm|processing|routes|http)\//],
])('src/%s imports nothing of %s', (folder, forbidden) => {
  expect(from(`${folder}/`)).not.toHaveLength(0);
  expect(from(`${folder}/`).filter(({ imported }) => forbidden.test(imported))).toEqual([]);
});
