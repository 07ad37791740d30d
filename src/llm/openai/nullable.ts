import { type TSchema, Type } from '@sinclair/typebox';

/** A field that servers leave out, or send as null. */
export const Nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
