import fastJson, { type Schema } from 'fast-json-stringify';
import fp from 'fastify-plugin';

const serializers = new WeakMap<Schema, ReturnType<typeof fastJson>>();

/** Compiles each response schema once: routes share schemas, and each GET route has the schemas of a HEAD route. */
export const serialization = fp(async (app) => {
  app.setSerializerCompiler<Schema>(({ schema }) => {
    const serializer =
      serializers.get(schema) ?? fastJson(schema, { schema: app.getSchemas() as Record<string, Schema> });
    serializers.set(schema, serializer);
    return serializer;
  });
});
