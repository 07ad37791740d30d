import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { OUTPUT_SCHEMA } from '../output.ts';
import type { Adapter } from './adapter.ts';
import { OptionalNullable } from './optional-nullable.ts';
import { addSchema } from './structured-output.ts';

/** The fields that are read. A body may have others. */
const Body = TypeCompiler.Compile(
  Type.Object({
    model: OptionalNullable(Type.String()),
    choices: Type.Array(
      Type.Object({
        finish_reason: OptionalNullable(Type.String()),
        message: Type.Object({
          content: OptionalNullable(Type.String()),
          refusal: OptionalNullable(Type.String()),
        }),
      }),
    ),
  }),
);

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
    if (!Body.Check(body)) return { error: 'llm_invalid_output' };
    const [choice] = body.choices;
    if (!choice) return { error: 'llm_invalid_output' };
    const { finish_reason, message } = choice;
    if (message.refusal) return { error: 'llm_refused' };
    if (finish_reason === 'content_filter') return { error: 'llm_content_filtered' };
    if (finish_reason === 'length') return { error: 'llm_truncated' };
    return { text: extractJson(message.content ?? ''), model: body.model };
  },
};

/** Finds the JSON in an answer with a reasoning block, a Markdown fence or words around it; else returns the text. */
function extractJson(text: string): string {
  const answer = text.split('</think>').at(-1) ?? text;
  const fenced = /```(?:json)?\s(.*?)```/s.exec(answer)?.[1] ?? '';
  return [text, answer, fenced, outermostObject(answer), outermostObject(text)].find(isJsonObject) ?? text;
}

const outermostObject = (text: string) => text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);

function isJsonObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
