import { STATUS_CODES } from 'node:http';
import { type SchemaOptions, type Static, type TSchema, Type } from '@sinclair/typebox';
import { Problem } from './problem.ts';

/** Refers to a schema that the app knows by its `$id`, so that the OpenAPI document names it once. */
export const ref = <T extends TSchema>(schema: T, options: SchemaOptions) =>
  Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#`, ...options });

type ProblemResponse = { content: Record<string, { schema: TSchema }> };

const problem = (description: string | undefined) => ({
  description,
  content: { 'application/problem+json': { schema: ref(Problem, {}) } },
});

/** The problem documents that a route may answer with, for its `response` schema. */
export function problems(...statuses: number[]): Record<number | 'default', ProblemResponse> {
  const known = statuses.map((status) => [status, problem(STATUS_CODES[status])]);
  return { ...Object.fromEntries(known), default: problem('Any other error.') };
}
