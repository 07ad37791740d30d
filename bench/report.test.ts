import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { toMarkdown } from './report.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

test("the README's table is that of bench/results.json", () => {
  const table = /<!-- bench -->\n(.*)\n<!-- \/bench -->/s.exec(read('../README.md'))?.[1];
  expect(table).toBe(toMarkdown(JSON.parse(read('results.json'))));
});
