import fastJson from 'fast-json-stringify';
import type { FastifyInstance } from 'fastify';

/** Compiles each response schema once; Fastify does so for every route and status that has it. */
export function serializeOnce(app: FastifyInstance): void {
  const serializers = new Map<string, (answer: unknown) => string>();
  app.setSerializerCompiler(({ schema }) => {
    const key = JSON.stringify(schema);
    const serialize =
      serializers.get(key) ?? fastJson(schema as fastJson.Schema, { schema: app.getSchemas() as never });
    serializers.set(key, serialize);
    return serialize;
  });
}
