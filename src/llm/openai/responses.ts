import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { llmError } from '../errors.ts';
import { OUTPUT_SCHEMA } from '../output.ts';
import type { Api } from './adapter.ts';
import { codeOfFailure } from './errors.ts';
import { Nullable } from './nullable.ts';

/** The parts of an answer that are read; anything else may be there. */
const Response = Type.Object({
  model: Nullable(Type.String()),
  status: Nullable(Type.String()),
  incomplete_details: Nullable(Type.Object({ reason: Nullable(Type.String()) })),
  output: Type.Array(
    Type.Object({
      content: Nullable(Type.Array(Type.Object({ type: Type.String(), text: Nullable(Type.String()) }))),
    }),
  ),
  error: Nullable(Type.Object({ code: Nullable(Type.String()) })),
});
const shape = TypeCompiler.Compile(Response);

/** The Responses API: https://platform.openai.com/docs/api-reference/responses */
export const responsesApi: Api = {
  ask: (client, { model, instructions, text }, options) =>
    client.responses
      .create(
        {
          model,
          input: [
            { role: 'system', content: instructions },
            { role: 'user', content: text },
          ],
          text: { format: { type: 'json_schema', strict: true, ...OUTPUT_SCHEMA } },
          store: false, // else OpenAI keeps the ticket for 30 days
        },
        options,
      )
      .asResponse(),

  read(response, context) {
    if (!shape.Check(response)) throw llmError('llm_invalid_output', context);
    const { status, incomplete_details, error, output } = response;
    if (status === 'incomplete') {
      const isFiltered = incomplete_details?.reason === 'content_filter';
      throw llmError(isFiltered ? 'llm_content_filtered' : 'llm_truncated', context);
    }
    if (status && status !== 'completed') throw llmError(codeOfFailure(error?.code), context);
    const parts = output.flatMap((item) => item.content ?? []);
    // A refusal comes with status "completed", as a content part of its own.
    if (parts.some((part) => part.type === 'refusal')) throw llmError('llm_refused', context);
    const text = parts.map((part) => (part.type === 'output_text' ? part.text : '')).join('');
    return { text, model: response.model ?? undefined };
  },
};
