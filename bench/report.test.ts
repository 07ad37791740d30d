import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toMarkdown } from './report.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('docs/benchmarks.md', () => {
  it('shows the tables of bench/results.json', () => {
    const tables = /<!-- bench -->\n(.*)\n<!-- \/bench -->/s.exec(read('../docs/benchmarks.md'))?.[1];
    expect(tables).toBe(toMarkdown(JSON.parse(read('results.json'))));
  });
});
