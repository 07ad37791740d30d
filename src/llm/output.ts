import { Ajv } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { ModelOutput } from '../schemas/result.ts';
import { llmError } from './errors.ts';

const isModelOutput = new Ajv(AJV_OPTIONS).compile<ModelOutput>(ModelOutput);

/** What OpenAI's strict mode does not know; it is checked on what comes back. */
const UNSUPPORTED = ['minLength', 'maxLength', 'pattern'];

/**
 * The output's schema as it is sent
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
 */
export const OUTPUT_SCHEMA = {
  name: 'ticket_result',
  schema: JSON.parse(JSON.stringify(ModelOutput), (key, value) =>
    UNSUPPORTED.includes(key) ? undefined : value,
  ) as Record<string, unknown>,
};

/**
 * A model's answer text as checked output.
 *
 * @throws AppError `llm_invalid_output` if it is not JSON or outside the schema.
 */
export function parseModelOutput(
  text: string,
  context: { openai_request_id: string | null; details?: object },
): ModelOutput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the SyntaxError: its message quotes the answer.
    throw llmError('llm_invalid_output', { ...context, details: { ...context.details, output: 'is not JSON' } });
  }
  if (isModelOutput(value)) return value;
  const wrong = isModelOutput.errors?.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
  throw llmError('llm_invalid_output', { ...context, details: { ...context.details, output: wrong } });
}
