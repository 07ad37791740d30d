import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folder.ts';
import { openService, type ServiceOptions } from './open-service.ts';

/** A service of the test's own, gone after it. */
export async function startService(options?: ServiceOptions) {
  const service = await openService(temporaryFolder(), options);
  onTestFinished(service.close);
  return service;
}
