import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { OUTPUT_SCHEMA } from '../output.ts';
import type { Adapter } from './adapter.ts';
import { toLlmErrorCode } from './error-codes.ts';
import { OptionalNullable } from './optional-nullable.ts';
import { addSchema, type StructuredOutput } from './structured-output.ts';

/** The fields that are read. A body may have others. */
const Body = TypeCompiler.Compile(
  Type.Object({
    model: OptionalNullable(Type.String()),
    status: OptionalNullable(Type.String()),
    incomplete_details: OptionalNullable(Type.Object({ reason: OptionalNullable(Type.String()) })),
    output: Type.Array(
      Type.Object({
        content: OptionalNullable(
          Type.Array(Type.Object({ type: Type.String(), text: OptionalNullable(Type.String()) })),
        ),
      }),
    ),
    error: OptionalNullable(Type.Object({ code: OptionalNullable(Type.String()) })),
  }),
);

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
    if (!Body.Check(body)) return { error: 'llm_invalid_output' };
    const { status, incomplete_details, error, output, model } = body;
    if (status === 'incomplete') {
      return { error: incomplete_details?.reason === 'content_filter' ? 'llm_content_filtered' : 'llm_truncated' };
    }
    if (status && status !== 'completed') return { error: toLlmErrorCode({ status: 200, code: error?.code }) };
    const parts = output.flatMap((item) => item.content ?? []);
    // A refusal has the status "completed" and is a content part.
    if (parts.some((part) => part.type === 'refusal')) return { error: 'llm_refused' };
    const text = parts.map((part) => (part.type === 'output_text' ? part.text : '')).join('');
    return { text, model };
  },
};
