import { Ajv } from 'ajv';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { ModelOutput } from '../schemas/result.ts';
import type { CutFields } from './client.ts';
import { type LlmErrorContext, llmError } from './errors.ts';
import { findJsonObjects } from './find-json.ts';
import { isRecord, parseJson } from './json.ts';
import { cutAtSentence } from './sentences.ts';

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

/** A text that may hold the model's answer. */
export interface AnswerText {
  text: string;
  /** Thoughts hold the answer only if they consist of nothing else: otherwise it is a draft. */
  isReasoning?: boolean;
}

export interface Answer {
  /** In the order of preference. */
  texts: AnswerText[];
  /** The provider cut the answer off. It still counts if only blanks follow the object. */
  isTruncated: boolean;
}

/** A valid answer, and which of its fields were too long and have been cut. */
export type ParsedOutput = ModelOutput & { cutFields?: CutFields };

/**
 * Finds the model's answer: the last JSON object that fits the schema, whatever stands around it.
 *
 * @throws AppError `llm_truncated` or `llm_invalid_output` if there is none.
 */
export function parseModelOutput({ texts, isTruncated }: Answer, context: LlmErrorContext): ParsedOutput {
  let rejection: Rejection = { error: 'not JSON', known: -1 };
  for (const { text, isReasoning = false } of texts) {
    const wholeLength = text.trim().length;
    const lastEnd = endWithoutClosers(text);
    let found: { end: number; output: ParsedOutput } | undefined;
    for (const json of findJsonObjects(text)) {
      if (found && json.end < found.end) continue; // stands before it; only an object around it is better
      if ((isTruncated && json.end < lastEnd) || (isReasoning && json.text.length < wholeLength)) continue;
      const value = parseJsonLeniently(json.text);
      if (!isRecord(value)) continue;
      const output = toModelOutput(value);
      if (!('error' in output)) found = { end: json.end, output };
      else if (output.known > rejection.known) rejection = output;
    }
    if (found) return found.output;
  }
  if (isTruncated) throw llmError('llm_truncated', context);
  throw llmError('llm_invalid_output', { ...context, details: { ...context.details, output: rejection.error } });
}

/** Where a text ends, apart from blanks and the ends of fences and of objects and lists around the answer. */
function endWithoutClosers(text: string): number {
  let end = text.length;
  while (end > 0 && /[\s`}\]]/.test(text.charAt(end - 1))) end -= 1;
  return end;
}

const FIELDS = Object.keys(ModelOutput.properties) as (keyof ModelOutput)[];
const LIMITED_FIELDS: CutFields = ['summary', 'reply_draft'];

interface Rejection {
  /** The first field that is wrong, and the rule that it breaks. */
  error: string;
  /** How many of the required fields there are: the more, the more likely the object was meant as the answer. */
  known: number;
}

/** Takes the known fields, normalizes the category, and cuts what is only too long. */
function toModelOutput(value: Record<string, unknown>): ParsedOutput | Rejection {
  const fields = Object.entries(value).filter(([name]) => FIELDS.includes(name as keyof ModelOutput));
  const output = Object.fromEntries(fields);
  if (typeof output.category === 'string') output.category = normalizeCategory(output.category);
  const cutFields = LIMITED_FIELDS.filter((name) => {
    const text: unknown = output[name];
    if (typeof text === 'string') output[name] = cutAtSentence(text, Number(ModelOutput.properties[name].maxLength));
    return output[name] !== text;
  });
  if (isModelOutput(output)) return cutFields.length > 0 ? { ...output, cutFields } : output;
  return { error: describeError(), known: fields.length };
}

/** Categories that differ in case, in blanks around them, or in the character between two words, are the same. */
const normalizeCategory = (category: string) => category.trim().toLowerCase().replaceAll(/[ -]/g, '_');

/** For example `/summary minLength`. */
function describeError(): string {
  const error = isModelOutput.errors?.[0];
  const field = error?.params.missingProperty ? `/${error.params.missingProperty}` : error?.instancePath;
  return `${field || '/'} ${error?.keyword}`;
}

/** Models forget to escape line breaks and tabs in strings. */
const parseJsonLeniently = (text: string) => parseJson(text) ?? parseJson(escapeControlCharacters(text));

function escapeControlCharacters(json: string): string {
  let isString = false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  return json.replaceAll(/\\.|["\u0000-\u001f]/gs, (match) => {
    if (match === '"') isString = !isString;
    const isRaw = isString && match < ' ';
    return isRaw ? JSON.stringify(match).slice(1, -1) : match;
  });
}
