import { toRecord, toRecords, toText } from '../json.ts';
import { OUTPUT_SCHEMA } from '../output.ts';
import type { Adapter } from './adapter.ts';
import { readContent } from './content.ts';
import { findError } from './error-body.ts';
import { checkFinishReason } from './error-codes.ts';
import { addSchema, type StructuredOutput } from './structured-output.ts';

/** Statuses of a response without an answer. */
const FAILED = ['failed', 'cancelled', 'queued', 'in_progress'];

const TEXT_FORMAT = {
  json_schema: { type: 'json_schema', strict: true, ...OUTPUT_SCHEMA },
  json_object: { type: 'json_object' },
} as const;

/** Returns the parameter `text`: the operator's options, for example `verbosity`, with our format. */
const textOptions = (text: object | undefined, structuredOutput: StructuredOutput) =>
  structuredOutput === 'prompt' ? text : { ...text, format: TEXT_FORMAT[structuredOutput] };

/** The Responses API: https://platform.openai.com/docs/api-reference/responses */
export const responsesAdapter: Adapter = {
  send: (client, { model, structuredOutput, extraBody }, { instructions, text, signal }) =>
    client.responses
      .create(
        {
          ...extraBody,
          model,
          input: [
            { role: 'system', content: addSchema(instructions, structuredOutput) },
            { role: 'user', content: text },
          ],
          text: textOptions(extraBody.text as object | undefined, structuredOutput),
          store: false, // by default OpenAI keeps the ticket for 30 days
        },
        { signal },
      )
      .asResponse(),

  parse(body) {
    const error = findError(body);
    if (error) return { providerError: error };
    const { status, incomplete_details, output } = toRecord(body);
    if (FAILED.includes(toText(status))) return { providerError: {} };
    const messages = toRecords(output)
      .filter(({ type = 'message' }) => type === 'message')
      .map(({ phase, content }) => ({ phase, ...readContent(content) }));
    // A refusal has the status "completed" and is a content part.
    if (messages.some(({ isRefusal }) => isRefusal)) return { error: 'llm_refused' };
    const isTruncated = status === 'incomplete';
    const ending = isTruncated ? checkFinishReason(toRecord(incomplete_details).reason) : undefined;
    if (ending && ending !== 'llm_truncated') return { error: ending };
    const final = messages.filter(({ phase }) => phase === 'final_answer');
    const texts = (final.length > 0 ? final : messages).reverse();
    if (texts.length > 0 || isTruncated) return { texts, isTruncated };
    return { error: 'llm_invalid_output', field: '/output' };
  },
};
