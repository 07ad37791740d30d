import { describe, expect, it, onTestFinished } from 'vitest';
import { PROMPT } from '../../testing/open-service.ts';
import { sendTicket, TICKET_TEXT } from '../../testing/openai.ts';
import { chatCompleted, completed, OUTPUT, startProvider } from '../../testing/provider.ts';
import { shareService } from '../../testing/service.ts';
import { OUTPUT_SCHEMA } from '../output.ts';
import type { OpenAIOptions } from './client.ts';

const RESPONSES = { api: 'responses', answer: completed() } as const;
const CHAT = { api: 'chat', answer: chatCompleted({ content: JSON.stringify(OUTPUT) }) } as const;

/** Sends one ticket and returns the body that the provider received. */
async function bodyOf({ api, answer }: typeof RESPONSES | typeof CHAT, options: Partial<OpenAIOptions>) {
  const provider = await startProvider();
  onTestFinished(provider.close);
  provider.respond(answer);
  expect(await sendTicket({ baseURL: provider.url, api, ...options })).toMatchObject(OUTPUT);
  return provider.requests[0]?.body ?? {};
}

const systemMessage = ({ messages, input }: Record<string, unknown>) =>
  ((messages ?? input) as { role: string; content: string }[]).find(({ role }) => role === 'system')?.content;

describe('OPENAI_STRUCTURED_OUTPUT', () => {
  it.each([
    ['responses', RESPONSES],
    ['chat', CHAT],
  ])('json_schema leaves the instructions as they are: %s', async (_api, api) => {
    expect(systemMessage(await bodyOf(api, { structuredOutput: 'json_schema' }))).toBe(PROMPT.system);
  });

  it.each([
    ['json_object', RESPONSES, { text: { format: { type: 'json_object' } } }],
    ['json_object', CHAT, { response_format: { type: 'json_object' } }],
    ['prompt', RESPONSES, {}],
    ['prompt', CHAT, {}],
  ] as const)('%s puts the schema into the system message', async (structuredOutput, api, format) => {
    const body = await bodyOf(api, { structuredOutput });
    const { text, response_format } = body;
    expect(JSON.parse(JSON.stringify({ text, response_format }))).toEqual(format);
    const system = systemMessage(body) ?? '';
    expect(system.startsWith(`${PROMPT.system}\n\n`)).toBe(true);
    expect(system).toMatch(/\bJSON\b/); // OpenAI rejects json_object without this word
    expect(system.endsWith(`\n${JSON.stringify(OUTPUT_SCHEMA.schema)}`)).toBe(true);
  });
});

describe('OPENAI_EXTRA_BODY', () => {
  const extraBody = { temperature: 0, chat_template_kwargs: { enable_thinking: false } };

  it.each([
    ['responses', RESPONSES],
    ['chat', CHAT],
  ])('is added to the request: %s', async (_api, api) => {
    const body = await bodyOf(api, {});
    expect(await bodyOf(api, { extraBody })).toEqual({ ...body, ...extraBody });
  });

  it('keeps the schema beside other options of text', async () => {
    const { text } = await bodyOf(RESPONSES, {});
    const body = await bodyOf(RESPONSES, { extraBody: { text: { verbosity: 'low' } } });
    expect(body.text).toEqual({ ...(text as object), verbosity: 'low' });
  });

  it('keeps other options of text without a format', async () => {
    const options = { structuredOutput: 'prompt', extraBody: { text: { verbosity: 'low' } } } as const;
    expect((await bodyOf(RESPONSES, options)).text).toEqual({ verbosity: 'low' });
  });

  it.each([
    ['responses', RESPONSES],
    ['chat', CHAT],
  ])('never replaces a field of the service: %s', async (_api, api) => {
    const body = await bodyOf(api, {});
    const replaced = Object.fromEntries(Object.keys(body).map((field) => [field, {}]));
    expect(await bodyOf(api, { extraBody: replaced })).toEqual(body);
    expect(JSON.stringify(body)).toContain(TICKET_TEXT);
  });
});

describe('the log line of a run whose request was rejected', () => {
  const services = {
    json_schema: shareService({ api: 'chat', openai: { structuredOutput: 'json_schema' } }),
    json_object: shareService({ api: 'chat', openai: { structuredOutput: 'json_object' } }),
    prompt: shareService({ api: 'chat', openai: { structuredOutput: 'prompt' } }),
  };

  /** Processes a ticket with a provider that rejects the request, and returns the problem and the run's log line. */
  async function reject(status: number, body: object, structuredOutput: keyof typeof services) {
    const { create, logged, process, provider } = await services[structuredOutput]();
    provider.respond({ status, body });
    const { id } = await create();
    return { problem: (await process(id)).json(), run: logged('run').find(({ ticketId }) => ticketId === id) };
  }

  it.each([
    ['a message', 400, { error: { message: 'This response_format type is unavailable now' } }],
    ['a message in other words', 400, { error: { message: 'This model does not support response format `x`.' } }],
    ['a text', 400, { error: "'response_format.type' must be 'json_object' or 'text'" }],
    ['a parameter', 400, { error: { message: 'Invalid parameter', param: 'text.format', code: null } }],
    ['no object around it', 400, { object: 'error', message: 'json_schema is not supported' }],
    ['a validation error', 422, { detail: [{ loc: ['body', 'response_format', 'type'], msg: 'unexpected value' }] }],
  ])('names the setting if the form is rejected with %s', async (_name, status, body) => {
    const { problem, run } = await reject(status, body, 'json_schema');
    expect(problem).toMatchObject({ status: 502, code: 'llm_rejected' });
    expect(JSON.stringify(problem)).not.toContain('OPENAI_');
    expect(run).toMatchObject({ outcome: 'llm_rejected', hint: 'set OPENAI_STRUCTURED_OUTPUT=json_object' });
  });

  it('names the next setting if json_object is rejected', async () => {
    const { run } = await reject(400, { error: "'response_format.type' must be 'json_schema'" }, 'json_object');
    expect(run.hint).toBe('set OPENAI_STRUCTURED_OUTPUT=prompt');
  });

  it.each([
    ['another reason', 400, { message: 'Unknown model' }, 'json_schema'],
    ['another status', 500, { message: 'response_format failed' }, 'json_schema'],
    ['no form that was sent', 400, { message: 'response_format is required' }, 'prompt'],
  ] as const)('has no hint for %s', async (_name, status, error, structuredOutput) => {
    const { run } = await reject(status, { error }, structuredOutput);
    expect(run.outcome).toMatch(/^llm_/);
    expect(run).not.toHaveProperty('hint');
  });
});
