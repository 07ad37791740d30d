import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** What the page may load, run and ask: only what comes from here, and the images that its style sheet has in itself. */
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

/** The two ways to show a key. */
const KEY = {
  components: {
    securitySchemes: {
      bearer: { type: 'http' as const, scheme: 'bearer' },
      header: { type: 'apiKey' as const, in: 'header', name: 'X-API-Key' },
    },
  },
  security: [{ bearer: [] }, { header: [] }] as Record<string, string[]>[],
};

interface Documented {
  version: string;
  /** Whether clients have to show a key. */
  wantsKey: boolean;
}

/** `GET /openapi.json` and `GET /docs`, from the schemas of the routes that are registered after this. */
export async function documentRoutes(app: FastifyInstance, { version, wantsKey }: Documented): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Ticket service',
        version,
        description: 'Keeps support tickets and lets a language model write a summary, a category and a reply draft.',
      },
      ...(wantsKey ? KEY : {}),
    },
    refResolver: { buildLocalReference: (schema, _baseUri, _fragment, i) => String(schema.$id ?? `schema-${i}`) },
  });
  await app.register(async (docs) => {
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true };
    });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CONTENT_SECURITY_POLICY,
      uiConfig: {
        layout: 'BaseLayout', // the bar above it would want inline styles, and can show a document of anywhere
        validatorUrl: null,
        persistAuthorization: false,
      },
    });
  });
  app.get('/openapi.json', { schema: { hide: true }, config: { public: true } }, async () => app.swagger());
}
