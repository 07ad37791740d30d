import { isRecord, parseJson } from '../json.ts';

/** What an error body says. It may have any shape: a list, a text, or errors nested in errors. */
export interface ErrorBody {
  /** Codes, types and reasons, wherever they stand. */
  words: string[];
  /** The first code and the first type. */
  code?: string;
  type?: string;
  /** Status that the body has instead of the response, for example as `code`. */
  status?: number;
  /** The wait that it asks for (Google's `RetryInfo.retryDelay`). */
  retryAfterMs?: number;
}

const WORD_FIELDS = new Set(['code', 'error', 'error_code', 'error_type', 'reason', 'reasons', 'status', 'type']);
const STATUS_FIELDS = new Set(['code', 'status', 'status_code']);
/** Some servers quote another server's error in theirs. */
const MESSAGE_FIELDS = new Set(['detail', 'error', 'message', 'raw']);
/** Most servers have no code for it (vLLM, LM Studio, older versions of llama.cpp). */
const CONTEXT_LENGTH = /context (?:length|window|size)|maximum context/i;
/** An error has about ten values. */
const MAX_VALUES = 500;

/** Reads an error body breadth-first, so that the outer code comes first. */
export function readErrorBody(body: unknown): ErrorBody {
  const result: ErrorBody = { words: [] };
  const values: { field: string; value: unknown }[] = [{ field: 'error', value: body }];
  for (let i = 0; i < values.length && i < MAX_VALUES; i += 1) {
    const { field, value } = values[i] as (typeof values)[number];
    if (Array.isArray(value)) values.push(...value.slice(0, MAX_VALUES).map((item) => ({ field, value: item })));
    else if (isRecord(value)) {
      for (const [name, inner] of Object.entries(value).slice(0, MAX_VALUES)) {
        values.push({ field: name, value: inner });
        if (field === 'metadata') result.words.push(`metadata.${name}`);
      }
    } else if (typeof value === 'string' || typeof value === 'number') {
      const quoted = readValue(result, field, String(value));
      if (quoted) values.push({ field, value: quoted });
    }
  }
  return result;
}

/** Reads one string or number. Returns the error that it quotes, if any. */
function readValue(result: ErrorBody, field: string, text: string): unknown {
  if (WORD_FIELDS.has(field) && /^[\w.-]{1,64}$/.test(text)) {
    result.words.push(text);
    if (field === 'code') result.code ??= text;
    if (field === 'type') result.type ??= text;
  }
  if (STATUS_FIELDS.has(field) && /^[45]\d\d$/.test(text)) result.status ??= Number(text);
  if (field === 'retryDelay' && /^\d{1,7}(?:\.\d{1,9})?s$/.test(text)) {
    result.retryAfterMs ??= Number.parseFloat(text) * 1000 || undefined;
  }
  if (!MESSAGE_FIELDS.has(field)) return undefined;
  if (CONTEXT_LENGTH.test(text)) result.words.push('context_length_exceeded');
  return /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
}

/** The error that a response with status 200 reports; undefined if it reports none. */
export function findError(body: unknown): unknown {
  const item: unknown = Array.isArray(body) ? body[0] : body;
  if (!isRecord(item)) return undefined;
  const { error, object, choices, output } = item;
  if (hasValues(error)) return typeof error === 'object' ? error : item; // a text has its code beside it
  const isAnswer = choices !== undefined || output !== undefined;
  return object === 'error' || (!isAnswer && readErrorBody(item).status) ? item : undefined;
}

/** Some gateways send an error without values with every answer. */
const hasValues = (error: unknown) =>
  typeof error === 'object' && error !== null ? Object.values(error).some(Boolean) : Boolean(error);
