import fc, { type Arbitrary } from 'fast-check';
import { type HostileRequest, toBytes } from './hostile-requests.ts';

const LENGTHS = ['0', '3', '-1', '+5', '0x10', '1e3', '5, 6', '', 'many', '400000', '99999999999999999999'];

const CHUNKS = [
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhel',
  'ffffffffffffffff\r\nx',
  '-1\r\nx',
  '5\nhello\n0\n\n',
  'g\r\n',
  '5;ext=\0\r\nhello\r\n0\r\n\r\n',
  '0\r\nContent-Length: 5\r\n\r\n',
  `1;${'x'.repeat(20_000)}\r\na\r\n0\r\n\r\n`,
  '0\r\n\r\nGET /tickets/1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
];

const HEAD_LINES = [
  'Connection: close',
  'Connection: upgrade\r\nUpgrade: websocket',
  'Transfer-Encoding: gzip, chunked, identity',
  'Transfer-Encoding : chunked',
  'Expect: a miracle',
  'X : y',
  ' folded: yes',
  'no colon',
  ': no name',
  'X: a\0b',
  'X: a\rb',
  'X: a\nY: b',
  'Host: y',
  'Content-Length: 1\r\nContent-Length: 2',
  `X: ${'x'.repeat(20_000)}`,
  'a: b\r\n'.repeat(3000),
  '\x80: \xff',
];

const NOT_REQUESTS = [
  '\0',
  '\r\n\r\n\r\n',
  'GET\r\n\r\n',
  'GET /\r\n\r\n',
  'get / http/1.1\r\n\r\n',
  'GET  /  HTTP/1.1\r\n\r\n',
  'CONNECT x:80 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
  'GET / HTTP/1.1\r\n\r\n',
  'GET /\xe9 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET * HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET tickets HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET http://[/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'SSH-2.0-OpenSSH_9.9\r\n',
];

/** Damages a valid request. */
type Mangle = (bytes: string, request: HostileRequest) => string;
const withLine = (bytes: string, line: string) => bytes.replace('\r\n', () => `\r\n${line}\r\n`);

const latin1Text = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)) });
const mangle = <T>(values: Arbitrary<T>, apply: (value: T, bytes: string, request: HostileRequest) => string) =>
  values.map(
    (value): Mangle =>
      (bytes, request) =>
        apply(value, bytes, request),
  );

const MANGLES: Arbitrary<Mangle> = fc.oneof(
  mangle(fc.nat(300), (end, bytes) => bytes.slice(0, end)),
  mangle(fc.tuple(fc.nat(300), fc.nat(3), latin1Text), ([at, removed, added], bytes) =>
    [bytes.slice(0, at), added, bytes.slice(at + removed)].join(''),
  ),
  mangle(fc.constantFrom(...HEAD_LINES), (line, bytes) => withLine(bytes, line)),
  mangle(fc.constantFrom(...LENGTHS), (length, _, { head, body }) => `${head}Content-Length: ${length}\r\n\r\n${body}`),
  mangle(fc.constantFrom(...CHUNKS), (chunks, _, { head }) => `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`),
  mangle(fc.constantFrom(...CHUNKS), (chunks, _, request) =>
    toBytes({ ...request, body: chunks }, 'Transfer-Encoding: chunked\r\n'),
  ),
  mangle(fc.constantFrom('1.0', '0.9', '2.0', '1.1 ', '9'), (version, bytes) =>
    bytes.replace('HTTP/1.1', `HTTP/${version}`),
  ),
  fc.constant<Mangle>((_, request) => toBytes({ ...request, body: '['.repeat(300_000) })),
  fc.constant<Mangle>((bytes) => bytes.replace('Host: localhost\r\n', '')),
  fc.constant<Mangle>((bytes) => bytes.replaceAll('\r\n', '\n')),
  mangle(fc.constantFrom(...NOT_REQUESTS), (text, bytes) => text + bytes),
  mangle(fc.constantFrom(...NOT_REQUESTS), (text, bytes) => bytes + text),
);

/** Bytes, for a connection of their own, that are not quite HTTP, or more than one request. */
export const hostileBytes = (request: Arbitrary<HostileRequest>): Arbitrary<string> =>
  fc.tuple(request, MANGLES).map(([request, mangle]) => mangle(toBytes(request), request));
