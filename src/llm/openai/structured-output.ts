import { APIError } from 'openai';
import { OUTPUT_SCHEMA } from '../output.ts';

/**
 * How the provider learns the output schema. With `json_schema` it enforces the schema, with `json_object` it enforces
 * JSON, with `prompt` it enforces nothing.
 */
export type StructuredOutput = 'json_schema' | 'json_object' | 'prompt';

const SCHEMA_INSTRUCTION = `Answer with one JSON object and nothing else. It must match this JSON schema:
${JSON.stringify(OUTPUT_SCHEMA.schema)}`;

/** Returns the system message. It contains the schema unless the provider enforces it. */
export const addSchema = (instructions: string, structuredOutput: StructuredOutput): string =>
  structuredOutput === 'json_schema' ? instructions : `${instructions}\n\n${SCHEMA_INSTRUCTION}`;

/** The next setting to try if the provider rejects the parameter for the output's form. */
const FALLBACK = { json_schema: 'json_object', json_object: 'prompt', prompt: undefined } as const;

/** Parameters and values that such a rejection names. */
const REJECTED_PARAMETER = /response_format|response format|json_schema|json_object|text\.format/i;

/** Returns advice for the log if the provider rejects the request because of the parameter for the output's form. */
export function structuredOutputHint(error: unknown, structuredOutput: StructuredOutput): string | undefined {
  const fallback = FALLBACK[structuredOutput];
  if (!fallback || !(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return undefined;
  const isAboutForm = REJECTED_PARAMETER.test(`${error.param} ${error.message}`);
  return isAboutForm ? `set OPENAI_STRUCTURED_OUTPUT=${fallback}` : undefined;
}
