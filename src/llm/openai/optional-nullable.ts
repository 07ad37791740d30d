import { type TSchema, Type } from '@sinclair/typebox';

/** A field that some servers omit and others send as null. */
export const OptionalNullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
