import { expect, test } from 'vitest';
import { PROMPT } from '../../testing/open-service.ts';
import { type Behaviour, OUTPUT } from '../../testing/provider.ts';
import { startService } from '../../testing/service.ts';

const json = JSON.stringify(OUTPUT);

function completion(message: object, more: object = {}): Behaviour {
  const usage = {
    prompt_tokens: 120,
    prompt_tokens_details: { cached_tokens: 64 },
    completion_tokens: 40,
    total_tokens: 160,
  };
  const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', ...message }, ...more }];
  return { body: { id: 'chatcmpl-1', object: 'chat.completion', model: 'llama3.2:3b', choices, usage } };
}

async function processWith(behaviour: Behaviour) {
  const service = await startService({ api: 'chat' });
  await service.create('Help <think> me');
  service.provider.respond(() => behaviour);
  return { ...service, response: await service.process(1) };
}

test('chat completions are asked for with the same two messages and the same schema', async () => {
  const { provider, response } = await processWith(completion({ content: json }));
  expect(response.json()).toMatchObject({
    ...OUTPUT,
    ...{ model: 'llama3.2:3b', openai_request_id: 'req_1' },
    ...{ input_tokens: 120, output_tokens: 40, total_tokens: 160, cached_tokens: 64 },
  });
  const [request] = provider.requests;
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

test.each([
  ['a fence', `\`\`\`json\n${json}\n\`\`\``],
  ['a thought', `<think>\nThe customer {wants} in.\n</think>\n\n${json}`],
  ['a thought and a fence', `\n<think>hm</think>\n\`\`\`\n${json}\n\`\`\`\n`],
  ['a thought that the template began', `hm {x}</think>${json}`],
  ['a note', `\`\`\`json\n${json}\n\`\`\`\nNote: {x}`],
  ['words', `Here you are: ${json} Anything else?`],
  ['a summary that has the words of a thought', json.replace('The customer', '</think> {a} <think>')],
])('%s around the JSON is tolerated', async (_name, content) => {
  const { response } = await processWith(completion({ content }));
  expect(response.json()).toMatchObject({ category: OUTPUT.category });
});

test.each<[string, Behaviour, number, string]>([
  ['a refusal', completion({ content: null, refusal: 'provider words' }), 502, 'llm_refused'],
  ['a content filter', completion({ content: '' }, { finish_reason: 'content_filter' }), 502, 'llm_content_filtered'],
  ['an answer cut off', completion({ content: '{"summ' }, { finish_reason: 'length' }), 502, 'llm_truncated'],
  ['no content', completion({ content: null }), 502, 'llm_invalid_output'],
  ['no choices', { body: { choices: [] } }, 502, 'llm_invalid_output'],
  ['only braces', completion({ content: '}{' }), 502, 'llm_invalid_output'],
  ['a failure with status 200', { body: { error: { message: 'provider words' } } }, 502, 'llm_invalid_output'],
])('%s', async (_name, behaviour, status, code) => {
  const { response, read } = await processWith(behaviour);
  expect(response.json()).toMatchObject({ status, code });
  expect(await read('/tickets/1')).toMatchObject({ status: 'failed' });
});

test('no id, no usage and no model become null or the model that was asked for', async () => {
  const { response } = await processWith({ headers: {}, body: { choices: [{ message: { content: json } }] } });
  expect(response.json()).toMatchObject({
    ...OUTPUT,
    ...{ model: 'gpt-test', openai_request_id: null },
    ...{ input_tokens: null, output_tokens: null, total_tokens: null, cached_tokens: null },
  });
});
