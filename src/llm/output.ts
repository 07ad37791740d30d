import { Ajv } from 'ajv';
import { AppError } from '../errors.ts';
import { ModelOutput } from '../schemas/result.ts';

const isModelOutput = new Ajv().compile<ModelOutput>(ModelOutput);

/**
 * The schema as OpenAI's strict mode takes it: without lengths and patterns, which it does not know
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas). Those are checked on what comes back.
 */
export const OUTPUT_JSON_SCHEMA: Record<string, unknown> = JSON.parse(JSON.stringify(ModelOutput), (key, value) =>
  ['minLength', 'maxLength', 'pattern'].includes(key) ? undefined : value,
);

/**
 * A model's answer text as checked output.
 *
 * @throws AppError `llm_invalid_output` if it is not JSON or outside the schema.
 */
export function parseModelOutput(text: string, openai_request_id: string | null): ModelOutput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the SyntaxError: its message quotes the answer.
    throw new AppError('llm_invalid_output', 'the model did not answer with JSON', { openai_request_id });
  }
  if (isModelOutput(value)) return value;
  const where = isModelOutput.errors?.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`).join(', ');
  throw new AppError('llm_invalid_output', 'the model answered outside the schema', {
    cause: new Error(where),
    openai_request_id,
  });
}
