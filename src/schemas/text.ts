import {
  type SchemaOptions,
  type Static,
  type StringOptions,
  type TInteger,
  type TNumber,
  type TSchema,
  type TString,
  type TUnsafe,
  Type,
} from '@sinclair/typebox';
import { STORABLE } from './patterns.ts';

/** A string that SQLite returns unchanged. Lengths count Unicode code points. */
export const Text = (options: StringOptions & { maxLength: number }) => Type.String({ pattern: STORABLE, ...options });

/** One of a fixed set of words, as the plain `enum` that OpenAPI tools and OpenAI's strict mode understand. */
export const StringEnum = <const T extends readonly string[]>(values: T, options: SchemaOptions = {}) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options });

/** The schema's value or null. A list of types: the serializer would validate against each member of a union. */
export const Nullable = <T extends TInteger | TNumber | TString | TUnsafe<string>>(schema: T) =>
  Type.Unsafe<Static<T> | null>({
    ...schema,
    type: [schema.type, 'null'],
    ...(schema.enum ? { enum: [...schema.enum, null] } : {}),
  });

/** A point in time, UTC, to the second. */
export const Timestamp = (options: StringOptions) =>
  Type.String({ format: 'date-time', examples: ['2026-02-17T16:35:05Z'], ...options });

/** An optional field with a `default`, which the validator fills in: the handler always has a value. */
export const Defaulted = <T extends TSchema>(schema: T): T => Type.Optional(schema) as TSchema as T;
