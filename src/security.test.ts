import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT } from './root.ts';

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

/** The controls, by the headings of their OWASP items, with the tests that they name. */
const controls = [...read('docs/security-controls.md').matchAll(/^### (\w+) .*\n([\s\S]*?)(?=^##|(?![\s\S]))/gm)].map(
  ([, id = '', text = '']) => ({
    id,
    text,
    tests: [...text.matchAll(/^- `(src\/\S+)`:\s+`(.+)`$/gm)].map(([, file = '', title = '']) => ({ file, title })),
  }),
);

/** Whether a file has a test of this title, `describe › it`. An array of `it.each` may have the second part. */
const hasTest = ({ file, title }: { file: string; title: string }) =>
  existsSync(new URL(file, ROOT)) &&
  title.split(' › ').every((part) => new RegExp(`[([]\\s*(['"\`])${RegExp.escape(part)}\\1`).test(read(file)));

describe('docs/security-controls.md', () => {
  it('has every item of both lists', () => {
    const numbers = Array.from({ length: 10 }, (_, i) => i + 1);
    const ids = [...numbers.map((n) => `API${n}`), ...numbers.map((n) => `LLM${String(n).padStart(2, '0')}`)];
    expect(controls.map(({ id }) => id)).toEqual(ids);
  });

  it('names only tests that exist', () => {
    const missing = controls.flatMap(({ id, tests }) =>
      tests.filter((test) => !hasTest(test)).map(({ file, title }) => `${id} ${file}: ${title}`),
    );
    expect(missing).toEqual([]);
  });

  it('names a test for every item that applies', () => {
    const unproven = controls.filter(({ tests, text }) => tests.length === 0 && !/^\s*Does not apply\./.test(text));
    expect(unproven.map(({ id }) => id)).toEqual([]);
  });
});
