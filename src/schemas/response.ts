import { STATUS_CODES } from 'node:http';
import { type SchemaOptions, type Static, type TSchema, Type } from '@sinclair/typebox';
import { Problem } from './problem.ts';

/** Refers to a schema that the app knows by its `$id`, so that the OpenAPI document names it once. */
export const ref = <T extends TSchema>(schema: T, options: SchemaOptions) =>
  Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#`, ...options });

/** The problem documents that a route may answer with, for its `response` schema. */
export function problems(...statuses: number[]): Record<number, { content: Record<string, { schema: TSchema }> }> {
  const content = { 'application/problem+json': { schema: ref(Problem, {}) } };
  return Object.fromEntries(statuses.map((status) => [status, { description: STATUS_CODES[status], content }]));
}
