import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { llmError } from '../errors.ts';
import { OUTPUT_SCHEMA } from '../output.ts';
import type { Api } from './adapter.ts';
import { Nullable } from './nullable.ts';

/** The parts of an answer that are read; anything else may be there. */
const Completion = Type.Object({
  model: Nullable(Type.String()),
  choices: Type.Array(
    Type.Object({
      finish_reason: Nullable(Type.String()),
      message: Type.Object({ content: Nullable(Type.String()), refusal: Nullable(Type.String()) }),
    }),
    { minItems: 1 },
  ),
});
const shape = TypeCompiler.Compile(Completion);

/** Chat completions, which more servers speak: https://platform.openai.com/docs/api-reference/chat */
export const chatApi: Api = {
  ask: (client, { model, instructions, text }, options) =>
    client.chat.completions
      .create(
        {
          model,
          messages: [
            { role: 'system', content: instructions },
            { role: 'user', content: text },
          ],
          response_format: { type: 'json_schema', json_schema: { strict: true, ...OUTPUT_SCHEMA } },
        },
        options,
      )
      .asResponse(),

  read(response, context) {
    const choice = shape.Check(response) ? response.choices[0] : undefined;
    if (!choice) throw llmError('llm_invalid_output', context);
    const { finish_reason, message } = choice;
    if (message.refusal) throw llmError('llm_refused', context);
    if (finish_reason === 'content_filter') throw llmError('llm_content_filtered', context);
    if (finish_reason === 'length') throw llmError('llm_truncated', context);
    const { model } = response as Static<typeof Completion>;
    return { text: extractJson(message.content ?? ''), model: model ?? undefined };
  },
};

/** The JSON in the text of a model that thinks aloud first, or puts Markdown or words around it; else the text. */
function extractJson(text: string): string {
  const answer = text.split('</think>').at(-1) ?? text;
  const fenced = /```(?:json)?\s(.*?)```/s.exec(answer)?.[1] ?? '';
  return [text, answer, fenced, outermostObject(answer), outermostObject(text)].find(isJson) ?? text;
}

const outermostObject = (text: string) => text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
