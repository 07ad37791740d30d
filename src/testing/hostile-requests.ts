import { METHODS } from 'node:http';
import fc, { type Arbitrary } from 'fast-check';
import { anyText, CONTENT_TYPES, HEADERS, JSON_TEXTS, PATHS, QUERIES } from './hostile-parts.ts';
import { validValue } from './hostile-values.ts';
import type { Operation } from './openapi.ts';

/** A request that is valid HTTP, and what the OpenAPI document says about it. */
export interface HostileRequest {
  /** The operation that it is for; undefined if it may be none. */
  operation: string | undefined;
  /** According to the document, it must be accepted. */
  isValid: boolean;
  /** The head without its last line, one character per byte. */
  head: string;
  /** One character per byte. */
  body: string;
}

export const nameOf = ({ method, path }: Operation) => `${method} ${path}`;

/** The bytes of a request. */
export const toBytes = ({ head, body }: HostileRequest, more = '') => {
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
  return `${head}${length}${more}\r\n${body}`;
};

const latin1 = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding).toString('latin1');
const headOf = (method: string, target: string, headers: [string, string][]) =>
  [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...headers.map((pair) => pair.join(': ')), ''].join('\r\n');

/** Requests that are valid according to the document. */
export function validRequest(operation: Operation): Arbitrary<HostileRequest> {
  const { method, requestBody } = operation;
  // Optional texts, such as a cursor or a date, may be invalid together with other parameters.
  const parameters = (operation.parameters ?? []).filter(
    ({ required, schema }) => required || schema.type !== 'string' || schema.enum,
  );
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const body = content?.schema ? validValue(content.schema).map((value) => JSON.stringify(value)) : fc.constant('');
  const values = fc.tuple(...parameters.map(({ schema }) => validValue(schema).map(String)));
  return fc.record({ values, body }).map(({ values, body }) => ({
    operation: nameOf(operation),
    isValid: true,
    body: latin1(body),
    head: headOf(
      method,
      target({ ...operation, parameters }, values.map(encodeURIComponent)),
      type ? [['Content-Type', type]] : [],
    ),
  }));
}

/** The path and query of an operation with percent-encoded values for its parameters. */
function target({ path, parameters = [] }: Operation, values: string[]): string {
  const given = parameters.map(({ name, in: place }, i) => ({ name, place, value: values[i] ?? '' }));
  const query = given.filter(({ place }) => place === 'query').map(({ name, value }) => `${name}=${value}`);
  const inPath = given.filter(({ place }) => place === 'path');
  const filled = inPath.reduce((text, { name, value }) => text.replace(`{${name}}`, () => value), path);
  return query.length > 0 ? `${filled}?${query.join('&')}` : filled;
}

const headers = fc.array(HEADERS, { maxLength: 3 });
const segment = fc.oneof(
  fc.nat(40).map(String),
  anyText.filter((text) => text !== '' && text !== '.' && text !== '..').map(encodeURIComponent),
);

/** Requests for an operation with arbitrary parameters, body, headers and encoding. */
export function nearRequest(operation: Operation): Arbitrary<HostileRequest> {
  const { method, parameters = [], requestBody } = operation;
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  const values = fc.tuple(
    ...parameters.map(({ schema }) => fc.oneof(validValue(schema).map(String).map(encodeURIComponent), segment)),
  );
  const type = CONTENT_TYPES.map((value): [string, string] => ['Content-Type', value]);
  return fc.record({ values, type, headers, body: nearBody(schema?.properties ?? {}) }).map((parts) => ({
    operation: nameOf(operation),
    isValid: false,
    body: parts.body,
    head: headOf(method, target(operation, parts.values), [parts.type, ...parts.headers]),
  }));
}

/** JSON with these properties, other values and other encodings. */
function nearBody(properties: Record<string, object>): Arbitrary<string> {
  const field = fc.oneof(
    ...Object.entries(properties).map(([name, schema]) =>
      fc.tuple(fc.constant(name), fc.oneof(validValue(schema).map(toJson), JSON_TEXTS)),
    ),
    fc.tuple(fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', 'id'), anyText), JSON_TEXTS),
  );
  const object = fc
    .array(field, { maxLength: 4 })
    .map((fields) => `{${fields.map(([name, value]) => `${toJson(name)}:${value}`).join()}}`);
  const encode = fc.constantFrom<(text: string) => string>(
    ...[(text: string) => latin1(text), (text: string) => latin1(text), (text: string) => latin1(`\ufeff${text}`)],
    ...[(text: string) => latin1(text, 'utf16le'), (text: string) => latin1(text, 'latin1')],
    (text) => latin1(text).slice(0, -1),
  );
  return fc.tuple(fc.oneof({ weight: 4, arbitrary: object }, JSON_TEXTS), encode).map(([text, as]) => as(text));
}

const toJson = (value: unknown) => JSON.stringify(value);

/** Requests with any method for any path, documented or not. */
export function strayRequest(operations: Operation[]): Arbitrary<HostileRequest> {
  const method = fc.constantFrom(...METHODS.filter((name) => name !== 'CONNECT'));
  const known = fc.constantFrom(...operations.map(({ path }) => path.replaceAll(/\{\w+\}/g, '1')));
  const path = fc.tuple(fc.oneof(PATHS, known), fc.oneof(QUERIES, PATHS)).map((parts) => parts.join(''));
  return fc.record({ method, path, headers, body: fc.oneof(fc.constant(''), JSON_TEXTS) }).map((parts) => ({
    operation: undefined,
    isValid: false,
    body: latin1(parts.body),
    head: headOf(parts.method, parts.path, parts.headers),
  }));
}
