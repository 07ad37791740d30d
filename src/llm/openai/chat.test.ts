import { describe, expect, it } from 'vitest';
import { NO_USAGE } from '../../schemas/result.ts';
import { PROMPT } from '../../testing/open-service.ts';
import { type Behaviour, chatCompleted, OUTPUT } from '../../testing/provider.ts';
import { shareService } from '../../testing/service.ts';

const json = JSON.stringify(OUTPUT);

describe('the chat completions adapter', () => {
  const shared = shareService({ api: 'chat' });

  /** Processes a ticket with a provider that gives this response. */
  async function processWith(behaviour: Behaviour) {
    const { create, process, provider, read } = await shared();
    const { id } = await create('Help <think> me');
    provider.respond(() => behaviour);
    const response = await process(id);
    return { response, request: provider.requests.at(-1), ticket: await read(`/tickets/${id}`) };
  }

  it('sends instructions and ticket as separate messages and a strict schema', async () => {
    const { request, response } = await processWith(chatCompleted({ content: json }));
    expect(response.statusCode).toBe(200);
    expect(request?.path).toBe('/v1/chat/completions');
    expect(request?.body).toMatchObject({
      model: 'gpt-test',
      messages: [
        { role: 'system', content: PROMPT.system },
        { role: 'user', content: 'Help <think> me' },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'ticket_result', strict: true, schema: { additionalProperties: false } },
      },
    });
  });

  it('returns the answer, the model and the token counts', async () => {
    const headers = { 'x-request-id': 'req_7' };
    const { response } = await processWith({ ...chatCompleted({ content: json }), headers });
    expect(response.json()).toMatchObject({
      ...OUTPUT,
      model: 'llama3.2:3b',
      openai_request_id: 'req_7',
      input_tokens: 120,
      output_tokens: 40,
      total_tokens: 160,
      cached_tokens: 64,
    });
  });

  it('returns null for a missing id and usage, and the configured model', async () => {
    const { response } = await processWith({ headers: {}, body: { choices: [{ message: { content: json } }] } });
    expect(response.json()).toMatchObject({
      ...OUTPUT,
      model: 'gpt-test',
      openai_request_id: null,
      ...NO_USAGE,
    });
  });

  it.each([
    ['prompt_cache_hit_tokens', { prompt_cache_hit_tokens: 96, prompt_cache_miss_tokens: 24 }, 96],
    ['cached_tokens rather than it', { prompt_cache_hit_tokens: 96, prompt_tokens_details: { cached_tokens: 5 } }, 5],
    ['no invalid count', { prompt_cache_hit_tokens: -1 }, null],
  ])('counts cached tokens: %s', async (_name, usage, cached_tokens) => {
    const { response } = await processWith(chatCompleted({ content: json }, { body: { usage } }));
    expect(response.json()).toMatchObject({ cached_tokens });
  });

  it.each([
    ['a Markdown fence', `\`\`\`json\n${json}\n\`\`\``],
    ['a reasoning block', `<think>\nThe customer {wants} in.\n</think>\n\n${json}`],
    ['a reasoning block and a fence', `\n<think>hm</think>\n\`\`\`\n${json}\n\`\`\`\n`],
    ['a reasoning block without its start', `hm {x}</think>${json}`],
    ['a fence and a note', `\`\`\`json\n${json}\n\`\`\`\nNote: {x}`],
    ['words', `Here you are: ${json} Anything else?`],
    ['a summary with reasoning tags', json.replace('The customer', '</think> {a} <think>')],
  ])('finds the JSON in an answer with %s', async (_name, content) => {
    const { response } = await processWith(chatCompleted({ content }));
    expect(response.json()).toMatchObject({ category: OUTPUT.category });
  });

  it.each<[string, string, Behaviour]>([
    ['llm_refused', 'a refusal', chatCompleted({ content: null, refusal: 'provider words' })],
    [
      'llm_content_filtered',
      'a content filter',
      chatCompleted({ content: '' }, { choice: { finish_reason: 'content_filter' } }),
    ],
    [
      'llm_truncated',
      'a truncated answer',
      chatCompleted({ content: '{"summ' }, { choice: { finish_reason: 'length' } }),
    ],
    ['llm_invalid_output', 'no content', chatCompleted({ content: null })],
    ['llm_invalid_output', 'no choices', chatCompleted({ content: json }, { body: { choices: [] } })],
    ['llm_invalid_output', 'braces only', chatCompleted({ content: '}{' })],
  ])('rejects with %s: %s', async (code, _name, behaviour) => {
    const { response, ticket } = await processWith(behaviour);
    expect(response.json()).toMatchObject({ status: 502, code });
    expect(ticket).toMatchObject({ status: 'failed' });
  });
});
