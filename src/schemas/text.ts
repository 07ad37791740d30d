import { type SchemaOptions, type TSchema, Type } from '@sinclair/typebox';
import { STORABLE } from './patterns.ts';

/** A string of so many Unicode code points that can be stored faithfully. */
export const Text = (limits: { minLength?: number; maxLength: number; default?: string; description?: string }) =>
  Type.String({ pattern: STORABLE, ...limits });

/** One of a fixed set of words, as the plain `enum` that OpenAPI tools and OpenAI's strict mode understand. */
export const StringEnum = <const T extends readonly string[]>(values: T, options: SchemaOptions = {}) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options });

/** A value or null, as a list of types: for a union, the serialiser would try each member with a validator of its own. */
export const Nullable = <T>(type: 'string' | 'integer', description?: string) =>
  Type.Unsafe<T | null>({ type: [type, 'null'], ...(description ? { description } : {}) });

/** A point in time, UTC, to the second: `2026-02-17T16:35:05Z`. */
export const Timestamp = Type.String({ format: 'date-time' });

/** A field that a client may leave out; the validator then fills in its `default`, so the type always has it. */
export const Defaulted = <T extends TSchema>(schema: T): T => Type.Optional(schema) as TSchema as T;
