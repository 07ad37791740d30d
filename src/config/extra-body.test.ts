import { describe, expect, it } from 'vitest';
import { parseExtraBody } from './extra-body.ts';

describe('parseExtraBody', () => {
  it.each([
    '{}',
    '{"temperature":0}',
    '{"reasoning_effort":"low"}',
    '{"service_tier":"flex"}',
    '{"chat_template_kwargs":{"enable_thinking":false}}',
    '{"text":{"verbosity":"low"}}',
    ' { "seed" : 1 } ',
  ])('accepts %s', (json) => {
    expect(parseExtraBody(json)).toEqual(JSON.parse(json));
  });

  it.each(['', 'temperature=0', '{"temperature":0', 'null', '1', '"text"', '[]', "{'temperature':0}"])(
    'rejects %s, which is no JSON object',
    (json) => {
      expect(parseExtraBody(json)).toBeUndefined();
    },
  );

  it.each([
    'model',
    'messages',
    'input',
    'instructions',
    'prompt',
    'response_format',
    'stream',
    'stream_options',
    'n',
    'store',
    'background',
    'conversation',
    'previous_response_id',
    'Model',
    'STREAM',
  ])('rejects the reserved field %s', (field) => {
    expect(parseExtraBody(JSON.stringify({ temperature: 0, [field]: null }))).toBeUndefined();
  });

  it.each([
    '{"text":{"format":{"type":"text"}}}',
    '{"text":{"Format":1}}',
    '{"text":"plain"}',
    '{"text":null}',
    '{"text":[]}',
  ])('rejects %s, which would replace the schema', (json) => {
    expect(parseExtraBody(json)).toBeUndefined();
  });
});
