/** Writes the OpenAPI document to `docs/openapi.json`: `npm run openapi`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { buildApp } from '../app.ts';
import { createMetrics } from '../observability/metrics.ts';
import { ROOT } from '../root.ts';

const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));

// No request is made, so no service is called.
const services = {} as Parameters<typeof buildApp>[0];
const app = await buildApp(services, {
  logger: pino({ level: 'silent' }),
  version,
  metrics: createMetrics({ version }),
  apiKeys: [],
  allowAnonymous: false,
  trustProxy: [],
  autoProcess: false,
  rateLimits: { perMinute: 0, processPerMinute: 0 },
});
await app.ready();
writeFileSync(new URL('docs/openapi.json', ROOT), `${JSON.stringify(app.swagger(), null, 2)}\n`);
await app.close();
