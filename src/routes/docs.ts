import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** Swagger UI's files; in a bundle, the plugin would look for them beside that. */
const ASSETS = join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static');

/** `GET /openapi.json` and `GET /docs`, from the schemas of the routes that are registered after this. */
export async function documentRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Ticket service',
        version,
        description: 'Keeps support tickets and lets a language model write a summary, a category and a reply draft.',
      },
    },
    refResolver: { buildLocalReference: (schema, _baseUri, _fragment, i) => String(schema.$id ?? `schema-${i}`) },
  });
  const logo = { type: 'image/svg+xml', content: readFileSync(join(ASSETS, 'logo.svg')) };
  await app.register(swaggerUi, { routePrefix: '/docs', baseDir: ASSETS, logo });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
