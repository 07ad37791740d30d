import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type Behaviour, chatCompleted, completed, OUTPUT } from './provider.ts';
import { invalidOutput, type ProviderFault, permanent } from './provider-fault.ts';

const GOOD = JSON.stringify(OUTPUT);
const DRAFT = JSON.stringify({ ...OUTPUT, category: 'other' });

/** An answer that is used at the first call. */
const used = (name: string, response: Behaviour, expected: Partial<ProviderFault> = {}): ProviderFault => ({
  name,
  responses: [response],
  calls: 1,
  status: 200,
  ...expected,
});
const chat = (fault: ProviderFault): ProviderFault => ({ ...fault, api: 'chat' });

const message = (text: string, fields: object = {}) => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [] }],
  ...fields,
});
const output = (...items: unknown[]) => completed('', { output: items });
const incomplete = (text: string) =>
  completed(text, { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
const cutOff = (content: string) => chatCompleted({ content }, { choice: { finish_reason: 'length' } });
const parts = (...content: unknown[]) => chatCompleted({ content: content as unknown as string });

/** The same text as an answer of both APIs. */
const both = (name: string, text: string, expected: Partial<ProviderFault> = {}) => [
  chat(used(name, chatCompleted({ content: text }), expected)),
  used(name, completed(text), expected),
];

function compressed(encoding: string, compress: (body: Buffer) => Buffer, behaviour: Behaviour): Behaviour {
  const { status = 200, body } = behaviour as { status?: number; body?: unknown };
  const bytes = compress(Buffer.from(JSON.stringify(body)));
  return (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', 'content-encoding': encoding }).end(bytes);
}
const QUOTA = { status: 429, body: { error: { code: 'insufficient_quota' } } };

const sentence = 'The customer cannot log in. ';
const longSummary = sentence.repeat(30).trim();
const cutSummary = sentence.repeat(21).trim();

/** Good answers in unusual shapes, and shapes close to them that are no answers. */
export const ANSWER_SHAPES: ProviderFault[] = [
  chat(used('content as a list of parts', parts({ type: 'thinking', thinking: [] }, { type: 'text', text: GOOD }))),
  chat(
    used('a list of parts with null and unknown types', parts(null, 1, { type: 'x' }, { type: 'text', text: GOOD })),
  ),
  chat(used('empty content and JSON in reasoning_content', chatCompleted({ content: '', reasoning_content: GOOD }))),
  chat(used('null content and JSON in reasoning', chatCompleted({ content: null, reasoning: GOOD }))),
  chat(invalidOutput('JSON among words in reasoning', chatCompleted({ content: '', reasoning: `Maybe ${GOOD}?` }))),
  chat(
    used('content and other JSON in reasoning', chatCompleted({ content: GOOD, reasoning: DRAFT }), {
      output: { category: OUTPUT.category },
    }),
  ),
  used(
    'commentary before the final answer',
    output(message(DRAFT, { phase: 'commentary' }), message(GOOD, { phase: 'final_answer' })),
  ),
  used(
    'commentary after the final answer',
    output(message(GOOD, { phase: 'final_answer' }), message(DRAFT, { phase: 'commentary' })),
  ),
  used('two messages', output(message(DRAFT), message(GOOD))),
  used('a message without JSON after the answer', output(message(GOOD), message('Done.'))),
  used('the same message twice', output(message(GOOD), message(GOOD))),
  used(
    'reasoning of any shape, null and unknown items',
    output(
      null,
      'text',
      { type: 'reasoning', summary: null, content: 'thoughts' },
      { type: 'reasoning', content: [{ type: 'output_text', text: DRAFT }, null] },
      message(GOOD),
      { type: 'web_search_call', content: { text: DRAFT } },
    ),
  ),
  chat(used('blanks up to the token limit', cutOff(`${GOOD}${'\n '.repeat(500)}`))),
  used('blanks up to the token limit', incomplete(`${GOOD}${'\t\n'.repeat(500)}`)),
  chat(
    permanent('a draft, then an answer that is cut off', cutOff(`${DRAFT} ${GOOD.slice(0, 90)}`), 502, 'llm_truncated'),
  ),
  permanent('an answer that is cut off', incomplete(GOOD.slice(0, -1)), 502, 'llm_truncated'),
  ...both('words around the JSON', `Here you are: ${GOOD} Anything else?`),
  ...both('words with braces around the JSON', `For {customer}: ${GOOD} {"note": 1} {end}`),
  ...both('a fence', `\`\`\`json\n${GOOD}\n\`\`\``),
  ...both('thoughts with a draft', `<think>{"summary": … or ${DRAFT}?</think>\n${GOOD}`),
  ...both('channel marks', `<|channel|>analysis<|message|>Hm.<|end|><|channel|>final<|message|>${GOOD}<|return|>`),
  ...both('a brace that is never closed before the JSON', `{"summary": "It is ${GOOD}`),
  ...both('raw line breaks and tabs in a string', GOOD.replace('The customer', 'The\n\tcustomer\r'), {
    output: { summary: OUTPUT.summary.replace('The customer', 'The\n\tcustomer\r') },
  }),
  ...both('a category in other case', JSON.stringify({ ...OUTPUT, category: ' Billing\n' }), {
    output: { category: 'billing' },
  }),
  ...both('a category with a blank', JSON.stringify({ ...OUTPUT, category: 'Feature request' }), {
    output: { category: 'feature_request' },
  }),
  ...both('a category with a dash', JSON.stringify({ ...OUTPUT, category: 'feature-request' }), {
    output: { category: 'feature_request' },
  }),
  ...both('extra fields', JSON.stringify({ note: 1, ...OUTPUT, confidence: { value: 0.9 } })),
  ...both('an object around it', JSON.stringify({ result: OUTPUT })),
  ...both('a list around it', JSON.stringify([OUTPUT])),
  ...both('a summary that is too long', JSON.stringify({ ...OUTPUT, summary: longSummary }), {
    output: { summary: cutSummary },
    logged: { cutFields: ['summary'] },
  }),
  ...both('a reply that is too long', JSON.stringify({ ...OUTPUT, reply_draft: '帮助您。'.repeat(501) }), {
    output: { reply_draft: '帮助您。'.repeat(500) },
    logged: { cutFields: ['reply_draft'] },
  }),
  used('an error without values', completed(OUTPUT, { error: { code: null, message: '', type: '' } })),
  chat(used('an empty error', chatCompleted({ content: GOOD }, { body: { error: {} } }))),
  used('a body in gzip', compressed('gzip', gzipSync, completed())),
  used('a body in x-gzip', compressed('x-gzip', gzipSync, completed())),
  used(
    'a body that is not packed as its header says',
    compressed('gzip', (body) => body, completed()),
  ),
  used('a body in br', compressed('br', brotliCompressSync, completed())),
  used('a body in deflate', compressed('deflate', deflateSync, completed())),
  used('a body in deflate without a header', compressed('deflate', deflateRawSync, completed())),
  used(
    'a body in gzip and br',
    compressed('gzip, br', (body) => brotliCompressSync(gzipSync(body)), completed()),
  ),
  permanent('429 insufficient_quota in gzip', compressed('gzip', gzipSync, QUOTA), 503, 'llm_quota_exhausted'),
  invalidOutput(
    'a body in gzip of more than 1 MiB unpacked',
    compressed('gzip', gzipSync, completed(OUTPUT, { padding: ' '.repeat(1024 * 1024) })),
  ),
  invalidOutput(
    'a body that is not in gzip as its header says',
    (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('provider words'),
  ),
  {
    ...invalidOutput('a list of categories', completed({ ...OUTPUT, category: ['bug'] })),
    logged: { output: '/category type' },
  },
  { ...invalidOutput('no output', { body: {} }), logged: { output: '/output' } },
  { ...chat(invalidOutput('no choices', { body: { choices: [null] } })), logged: { output: '/choices' } },
  {
    ...chat(invalidOutput('no content', chatCompleted({ content: null }))),
    logged: { output: '/choices/0/message/content' },
  },
];
