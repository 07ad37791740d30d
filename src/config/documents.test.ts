import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Environment } from './schema.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const settings = Object.entries(Environment.properties).map(([name, schema]) => [name, String(schema.default ?? '')]);

describe('the documents', () => {
  it('docs/configuration.md lists every setting with its default', () => {
    const rows = read('docs/configuration.md').matchAll(/^\| *`([A-Z_]+)` *\| *([^|]*?) *\|/gm);
    const documented = [...rows].map(([, name, cell = '']) => [name, /^`([^`]*)`/.exec(cell)?.[1] ?? '']);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(settings));
    expect(documented).toHaveLength(settings.length);
  });

  it('.env.example lists every setting with its default, in the order of the schema', () => {
    const lines = read('.env.example').matchAll(/^# ?([A-Z_]+)=(.*)$/gm);
    expect([...lines].map(([, name, value]) => [name, value])).toEqual(settings);
  });
});
