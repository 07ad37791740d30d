import { expect, test } from 'vitest';
import { parseJson } from './json.ts';

test.each([
  ['single quotes', "{'a':1}", 1, 2],
  ['an unquoted name', '{a:1}', 1, 2],
  ['a comma at the end', '{"a":1,}', 1, 8],
  ['an unquoted value', '{"a":x}', 1, 6],
  ["Python's True", '{\n  "a": 1,\n  "b": True\n}', 3, 8],
  ['a misspelt literal', '[nul]', 1, 5],
  ['a raw line end in a string', '{"a":"b\nc"}', 1, 8],
  ['two values', '{} {}', 1, 4],
  ['two commas', '[1,,2]', 1, 4],
  ['NaN', 'NaN', 1, 1],
  ['a form', 'raw_text=hello', 1, 1],
  ['text that looks like an error message', '[in JSON at position 9 (line 9 column 9)', 1, 2],
])('parseJson reports the position of %s', (_name, text, line, column) => {
  const message = `the body is not valid JSON: unexpected character at line ${line}, column ${column}`;
  expect(() => parseJson(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'invalid_json', message }));
});

test.each(['{"a":', '[1', '"abc', '{"a":tru', ' ', '-', '1.'])('parseJson reports that %j ends too early', (text) => {
  const message = `the body is not valid JSON: it ends too early, at line 1, column ${text.length + 1}`;
  expect(() => parseJson(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'invalid_json', message }));
});
