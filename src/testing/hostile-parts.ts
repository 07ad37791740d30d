import fc from 'fast-check';

/** Any characters, including U+0000, without lone surrogates. */
export const anyText = fc.string({ unit: 'binary', maxLength: 60 });

const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** JSON and similar text. */
export const JSON_TEXTS = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '',
    ' ',
    'null',
    'true',
    '""',
    '[]',
    '{}',
    '-1',
    '-0',
    '1e999',
    '-1e999',
    '9007199254740993',
    '1'.repeat(400),
    '"\\ud800"',
    '"a\\udfff"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"\\u001b[31m"',
    '"\\u202e"',
    '"\u2028"',
    '{"__proto__":{"raw_text":"x"}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"toString":null}',
    '[[["x"]]]',
    'NaN',
    "{'a':1}",
    '{"a":1,}',
    '{"a":1}{"b":2}',
    '\u0000',
    '// x\n{}',
    '"',
    '<x/>',
    'a=b&c=d',
    '\\u0022',
    nested(5000, '[', ']'),
    nested(2000, '{"a":', '}'),
    '['.repeat(10_000),
    `"${'x'.repeat(20_001)}"`,
  ),
);

/** Half of them `application/json`. */
export const CONTENT_TYPES = fc.oneof(
  fc.constant('application/json'),
  fc.constantFrom(
    'application/json; charset=utf-16',
    'application/json;charset=latin1',
    'application/json, text/plain',
    '',
    'APPLICATION/JSON;',
    'application/x+json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'a/b; c="',
    ';;',
    '*/*',
    '__proto__',
    'constructor',
    `application/json;${'a=b;'.repeat(500)}`,
  ),
);

/** Headers that leave the request readable. */
export const HEADERS = fc.oneof(
  fc.tuple(fc.stringMatching(/^x-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/), fc.stringMatching(/^[!-~\xa0-\xff]{0,40}$/)),
  fc.constantFrom<[string, string]>(
    ...([
      ['Accept', '\xff'],
      ['Accept', 'text/html;q=-1'],
      ['Accept-Encoding', 'gzip;q=nonsense'],
      ['Accept-Version', '99.0.0'],
      ['Authorization', 'Bearer '],
      ['Authorization', 'Basic OjpfOg=='],
      ['Content-Encoding', 'gzip'],
      ['Content-Type', 'text/plain'],
      ['Cookie', '__proto__=x; =; ;;'],
      ['Expect', '100-continue'],
      ['Idempotency-Key', 'x'],
      ['Idempotency-Key', '\xff'],
      ['Host', 'evil.example:99999'],
      ['If-None-Match', '*'],
      ['Origin', 'null'],
      ['Range', 'bytes=9-1'],
      ['Upgrade', 'h2c'],
      ['X-API-Key', '\x80'],
      ['X-Forwarded-For', '::1, <script>'],
      ['X-Forwarded-Proto', 'javascript'],
      ['X-HTTP-Method-Override', 'DELETE'],
      ['X-Request-Id', 'x'.repeat(1000)],
      ['__proto__', 'x'],
      ['constructor', 'x'],
    ] as [string, string][]),
  ),
);

const words = (text: string) => text.trim().split(/\s+/);

/** Odd paths. */
export const PATHS = fc.oneof(
  fc.webPath().map((path) => path || '/'),
  fc.stringMatching(/^\/[!-"$-~]{0,60}$/),
  anyText.map((text) => `/${encodeURIComponent(text)}`),
  fc.constantFrom(
    `/tickets/${'9'.repeat(2000)}`,
    `/${'a/'.repeat(1000)}`,
    ...words(`
      / // ///tickets /. /.. /../../etc/passwd /%2e%2e%2f%2e%2e%2fetc/passwd /tickets/../health /docs/static/..%2f..%2fx
      /docs/static/%2e%2e/index.js /docs/json /docs/yaml /.env /__proto__ /constructor /tickets/__proto__ /TICKETS/1
      /% /%zz /%00 /%ff /%c0%ae /%u0031 /tickets/%31 /tickets/1%2fresult /tickets/1;a=b
      /tickets/-1 /tickets/1e3 /tickets/0x1 /tickets/1.0 /tickets/+1 /tickets/1,2 /tickets/*`),
  ),
);

/** Query strings for any path. */
export const QUERIES = fc.constantFrom(
  '',
  ...words('? ?force ?force=1&force=0 ?force[]=1 ?__proto__[x]=1 ?%zz=%zz ?force=%00 ?a=b?c#d #x'),
);
