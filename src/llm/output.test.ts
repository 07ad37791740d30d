import { describe, expect, it } from 'vitest';
import { OUTPUT } from '../testing/provider.ts';
import { parseModelOutput } from './output.ts';

const GOOD = JSON.stringify(OUTPUT);
const parse = (text: string) => parseModelOutput({ texts: [{ text }], isTruncated: false }, {});
const errorOf = (text: string) => {
  try {
    return { output: parse(text) };
  } catch (error) {
    return error;
  }
};

/** Further answers are in `src/testing/answer-shapes.ts`. */
describe('parseModelOutput', () => {
  it('takes the outer one of two objects that fit', () => {
    expect(parse(`Here: ${JSON.stringify({ ...OUTPUT, draft: { ...OUTPUT, category: 'other' } })}`)).toEqual(OUTPUT);
  });

  it('takes the last one of two objects that fit', () => {
    expect(parse(`${JSON.stringify({ ...OUTPUT, category: 'other' })} ${GOOD}`)).toEqual(OUTPUT);
  });

  it('takes an object that fits before one that does not', () => {
    expect(parse(`${GOOD} {"summary": "x"}`)).toEqual(OUTPUT);
  });

  it('leaves an object in a string alone', () => {
    const output = { ...OUTPUT, reply_draft: `Send ${JSON.stringify({ ...OUTPUT, category: 'other' })}` };
    expect(parse(JSON.stringify(output))).toEqual(output);
  });

  it('keeps escaped characters while it escapes raw ones', () => {
    const reply_draft = 'a\n"b"\\ \u0001c {';
    const text = JSON.stringify({ ...OUTPUT, reply_draft, summary: 'LINE' }, undefined, 2).replace('LINE', 'x\n\ty');
    expect(parse(text)).toEqual({ ...OUTPUT, reply_draft, summary: 'x\n\ty' });
  });

  it('ignores a field __proto__', () => {
    const output = parse(GOOD.replace('{', '{"__proto__":{"category":"other"},'));
    expect(output).toEqual(OUTPUT);
    expect(Object.getPrototypeOf(output)).toBe(Object.prototype);
  });

  it.each(['invoices', 'bil ling', 'Billing.', 'b', '', 'authlogin'])('rejects the category %o', (category) => {
    expect(errorOf(JSON.stringify({ ...OUTPUT, category }))).toMatchObject({
      code: 'llm_invalid_output',
      details: { output: '/category enum' },
    });
  });

  it('names the field of the object that has most of the fields', () => {
    const wrong = { ...OUTPUT, category: 'x', more: { summary: 'x', y: 1 } };
    for (const text of [wrong, { result: wrong }, [wrong]].map((value) => JSON.stringify(value))) {
      expect(errorOf(`{"note": 1} ${text} {"note": 2}`)).toMatchObject({ details: { output: '/category enum' } });
    }
  });

  it('calls an object with a syntax error no JSON', () => {
    expect(errorOf(GOOD.replace('}', ',}'))).toMatchObject({ details: { output: 'not JSON' } });
  });

  it.each([
    ['braces', '{'],
    ['open objects', '{"a":'],
    ['open strings', '{"'],
    ['brackets', '['],
    ['blanks after braces', `{${' '.repeat(1000)}`],
    ['empty objects', '{"a":{}}'],
    ['quotes', '"'],
    ['backslashes', '{"\\'],
  ])('ends for 1 MiB of %s', (_name, part) => {
    const text = part.repeat((1024 * 1024) / part.length);
    expect(errorOf(text)).toMatchObject({ code: 'llm_invalid_output' });
    expect(parse(text + GOOD.replace('{', '} {'))).toBeDefined();
  });

  it('ends for thoughts of blanks and 50,000 objects', () => {
    const [blanks, objects] = [' '.repeat(500_000), '{"a":1}'.repeat(50_000)];
    for (const text of [blanks + objects, objects + blanks]) {
      const parseThoughts = () => parseModelOutput({ texts: [{ text, isReasoning: true }], isTruncated: false }, {});
      expect(parseThoughts).toThrow(expect.objectContaining({ code: 'llm_invalid_output' }));
    }
  });

  it('ends for a truncated answer of nested objects', () => {
    const text = `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}x`;
    const parseTruncated = () => parseModelOutput({ texts: [{ text }], isTruncated: true }, {});
    expect(parseTruncated).toThrow(expect.objectContaining({ code: 'llm_truncated' }));
  });

  it('ends for an object that is 100,000 levels deep', () => {
    const text = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(errorOf(text)).toMatchObject({ code: 'llm_invalid_output' });
  });
});
