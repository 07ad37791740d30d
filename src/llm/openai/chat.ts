import { toRecord, toRecords, toText } from '../json.ts';
import { OUTPUT_SCHEMA } from '../output.ts';
import type { Adapter } from './adapter.ts';
import { readContent } from './content.ts';
import { findError } from './error-body.ts';
import { checkFinishReason } from './error-codes.ts';
import { addSchema } from './structured-output.ts';

const RESPONSE_FORMAT = {
  json_schema: { type: 'json_schema', json_schema: { strict: true, ...OUTPUT_SCHEMA } },
  json_object: { type: 'json_object' },
  prompt: undefined,
} as const;

/** Chat completions, the API that most servers have: https://platform.openai.com/docs/api-reference/chat */
export const chatAdapter: Adapter = {
  send: (client, { model, structuredOutput, extraBody }, { instructions, text, signal }) =>
    client.chat.completions
      .create(
        {
          ...extraBody,
          model,
          messages: [
            { role: 'system', content: addSchema(instructions, structuredOutput) },
            { role: 'user', content: text },
          ],
          response_format: RESPONSE_FORMAT[structuredOutput],
        },
        { signal },
      )
      .asResponse(),

  parse(body) {
    const error = findError(body);
    if (error) return { providerError: error };
    const [choice] = toRecords(toRecord(body).choices);
    if (!choice) return { error: 'llm_invalid_output', field: '/choices' };
    const { content, refusal, reasoning_content, reasoning } = toRecord(choice.message);
    const parts = readContent(content);
    if (toText(refusal) || parts.isRefusal) return { error: 'llm_refused' };
    const ending = checkFinishReason(choice.finish_reason);
    if (ending === 'llm_unavailable') return { providerError: choice.error ?? {} };
    if (ending && ending !== 'llm_truncated') return { error: ending };
    const isTruncated = ending === 'llm_truncated';
    // Some servers take an answer without thoughts for thoughts: https://github.com/vllm-project/vllm/issues/19222
    const thoughts = [reasoning_content, reasoning].map((text) => ({ text: toText(text), isReasoning: true }));
    const texts = (parts.text.trim() ? [{ text: parts.text }] : thoughts).filter(({ text }) => text);
    if (texts.length > 0 || isTruncated) return { texts, isTruncated };
    return { error: 'llm_invalid_output', field: '/choices/0/message/content' };
  },
};
