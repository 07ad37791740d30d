/** Fields that decide what is asked, how often, in which form, and whether the provider keeps it. */
const RESERVED_FIELDS = new Set([
  'model',
  'messages',
  'input',
  'instructions',
  'prompt',
  'response_format',
  'stream',
  'stream_options',
  'n',
  'store',
  'background',
  'conversation',
  'previous_response_id',
]);
const TEXT_FIELDS = new Set(['format']);

/**
 * Parses OPENAI_EXTRA_BODY, the fields that are added to each request. `text` of the Responses API may be set except for
 * `text.format`, which holds the schema.
 *
 * @returns undefined for anything but a JSON object without reserved fields.
 */
export function parseExtraBody(json: string): Record<string, unknown> | undefined {
  const body = parseJson(json);
  if (!isObject(body) || hasField(body, RESERVED_FIELDS)) return undefined;
  const { text = {} } = body;
  return isObject(text) && !hasField(text, TEXT_FIELDS) ? body : undefined;
}

/** Servers written in Go, such as Ollama, ignore the case of names. */
const hasField = (object: object, names: ReadonlySet<string>) =>
  Object.keys(object).some((name) => names.has(name.toLowerCase()));

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
