import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('.', import.meta.url));

/** What each part of src imports: other parts, and those packages that only some parts may know. */
const IMPORTS = {
  'app.ts': ['fastify', 'observability', 'plugins', 'processing', 'routes', 'schemas', 'storage'],
  commands: ['app.ts', 'config', 'observability', 'root.ts', 'schemas', 'storage', 'storage/open.ts', 'storage/sqlite'],
  config: ['errors.ts', 'schemas'],
  llm: ['errors.ts', 'root.ts', 'schemas'],
  'llm/create.ts': ['config', 'llm', 'llm/offline', 'llm/openai'],
  'llm/offline': ['llm', 'schemas'],
  'llm/openai': ['errors.ts', 'llm', 'openai', 'schemas'],
  observability: ['errors.ts', 'llm', 'prom-client'],
  plugins: ['config', 'errors.ts', 'fastify', 'observability', 'schemas'],
  processing: ['errors.ts', 'llm', 'schemas', 'storage'],
  routes: ['errors.ts', 'fastify', 'observability', 'plugins', 'processing', 'schemas', 'storage'],
  schemas: ['errors.ts'],
  'shutdown.ts': ['fastify', 'observability', 'processing'],
  storage: ['drizzle-orm', 'errors.ts', 'root.ts', 'schemas'],
  'storage/open.ts': ['errors.ts', 'storage', 'storage/postgres', 'storage/sqlite'],
  'storage/postgres': ['drizzle-orm', 'errors.ts', 'pg', 'schemas', 'storage'],
  'storage/sqlite': ['better-sqlite3', 'drizzle-orm', 'errors.ts', 'schemas', 'storage'],
};

const RESTRICTED_PACKAGE = /^@?(openai|better-sqlite3|pg|drizzle-orm|prom-client|fastify)\b/;

/** The part that a path in src belongs to: a folder or, at the top, a file. */
const partOf = (path: string) =>
  /^(?:llm|storage)\/(?:create\.ts|offline|openai|postgres|sqlite|open\.ts)|^[^/]+/.exec(path)?.[0] ?? path;

it('each part of src imports only what it may', () => {
  const actual = new Map<string, Set<string>>();
  for (const file of globSync('**/*.ts', { cwd: SRC })) {
    if (/^server\.ts|^testing\/|\.(?:test|soak|browser)\.ts$/.test(file)) continue;
    const imports = readFileSync(join(SRC, file), 'utf8').matchAll(/\b(?:from |import\(?)'([^']+)'/g);
    for (const [, name = ''] of imports) {
      const imported = name.startsWith('.') ? partOf(join(file, '..', name)) : RESTRICTED_PACKAGE.exec(name)?.[1];
      const part = partOf(file);
      if (imported && imported !== part) actual.set(part, (actual.get(part) ?? new Set()).add(imported));
    }
  }
  const sorted = [...actual].map(([part, imported]) => [part, [...imported].sort()]);
  expect(Object.fromEntries(sorted)).toEqual(IMPORTS);
});
