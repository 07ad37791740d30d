import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { Problem } from '../schemas/problem.ts';
import { problemResponses } from '../schemas/response.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** Examples of the errors that a route can answer with, for the documentation. */
    errors?: Problem[];
  }
}

/** The page may load, run and call only what comes from this server, and the images inside its style sheet. */
const CONTENT_SECURITY_POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': ["'self'", 'data:'],
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

const DOCUMENT: FastifyDynamicSwaggerOptions['openapi'] = {
  openapi: '3.1.0',
  servers: [{ url: '/', description: 'The server that this document comes from.' }],
  tags: [
    {
      name: 'Tickets',
      description: 'Create, list and search tickets, process them, read their results and delete them.',
    },
    { name: 'Batches', description: 'Process many tickets in the background.' },
    { name: 'Runs', description: 'Every run of the model, and what runs have used in total.' },
    { name: 'Operations', description: 'Health checks and metrics.' },
  ],
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'An API key as a bearer token.' },
      apiKey: {
        type: 'apiKey',
        in: 'header',
        name: 'X-API-Key',
        description: 'The same API key in a header of its own.',
      },
    },
  },
  // `{}`: a server without API_KEYS needs none.
  security: [{ bearer: [] }, { apiKey: [] }, {}],
};

const info = (version: string) => ({
  title: 'Ticket service',
  version,
  description:
    'Stores support tickets. For each ticket a language model writes a summary, a category and a reply draft.\n\n' +
    'Errors are problem documents as in RFC 9457; `code` identifies the error. If the server is configured with API ' +
    'keys, every request for tickets or metrics needs one.',
  license: { name: 'MIT', identifier: 'MIT' },
  contact: { name: 'The operator of this server' },
});

/** Serves `GET /openapi.json` and `GET /docs`, made from the schemas of the routes that are registered after this. */
export async function documentRoutes(app: FastifyInstance, { version }: { version: string }): Promise<void> {
  await app.register(swagger, {
    openapi: { ...DOCUMENT, info: info(version) },
    refResolver: { buildLocalReference: (schema, _baseUri, _fragment, i) => String(schema.$id ?? `schema-${i}`) },
    transform: documentErrors,
    transformObject: pathParametersFirst,
  });
  await app.register(async (docs) => {
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true };
    });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CONTENT_SECURITY_POLICY,
      uiConfig: {
        layout: 'BaseLayout', // the top bar needs inline styles and can show documents from other hosts
        validatorUrl: null,
        persistAuthorization: false,
      },
    });
  });
  app.get('/openapi.json', { schema: { hide: true }, config: { public: true } }, async () => app.swagger());
}

/** Adds the errors of a route to its documented answers. */
const documentErrors: FastifyDynamicSwaggerOptions['transform'] = ({ schema, url }) => {
  if (!schema?.errors) return { schema, url };
  const { errors, response, ...rest } = schema;
  return { schema: { ...rest, response: { ...Object(response), ...problemResponses(errors) } }, url };
};

/** @fastify/swagger puts query parameters first; people expect the order of the URL. */
const pathParametersFirst: FastifyDynamicSwaggerOptions['transformObject'] = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject;
  const paths = document.openapiObject.paths as Record<string, Record<string, { parameters?: { in: string }[] }>>;
  for (const { parameters } of Object.values(paths).flatMap((path) => Object.values(path))) {
    parameters?.sort((a, b) => Number(b.in === 'path') - Number(a.in === 'path'));
  }
  return document.openapiObject;
};
