import { type Static, type TSchema, Type } from '@sinclair/typebox';

/** Refers to a schema that the app knows by its `$id`, so that the OpenAPI document defines it once. */
export const ref = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` });
