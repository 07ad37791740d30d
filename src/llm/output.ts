import { Ajv, type ErrorObject } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { ModelOutput } from '../schemas/result.ts';
import { type LlmErrorContext, llmError } from './errors.ts';

const isModelOutput = new Ajv(AJV_OPTIONS).compile<ModelOutput>(ModelOutput);

/** OpenAI's strict mode rejects schemas with these keywords. The answer is checked against them here. */
const UNSUPPORTED_KEYWORDS = ['minLength', 'maxLength', 'pattern'];

/**
 * The output schema that providers receive
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
 */
export const OUTPUT_SCHEMA = {
  name: 'ticket_result',
  schema: JSON.parse(JSON.stringify(ModelOutput), (key, value) =>
    UNSUPPORTED_KEYWORDS.includes(key) ? undefined : value,
  ) as Record<string, unknown>,
};

/**
 * Parses and validates the text that a model answered.
 *
 * @throws AppError `llm_invalid_output` if it is not JSON or does not match the schema.
 */
export function parseModelOutput(text: string, context: LlmErrorContext): ModelOutput {
  const value = parseJson(text);
  if (isModelOutput(value)) return value;
  const output = value === undefined ? 'not JSON' : describeErrors(isModelOutput.errors);
  throw llmError('llm_invalid_output', { ...context, details: { ...context.details, output } });
}

/** Undefined if the text is not JSON. The SyntaxError is dropped because its message quotes the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** For example `/summary maxLength`. Names that the model made up are left out. */
const describeErrors = (errors: ErrorObject[] | null | undefined) =>
  errors
    ?.map(({ instancePath, keyword, params }) => {
      const field = params.missingProperty ? `/${params.missingProperty}` : instancePath;
      return `${field || '/'} ${keyword}`;
    })
    .join(', ');
