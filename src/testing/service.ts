import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folder.ts';
import { openService, type ServiceOptions } from './open-service.ts';

/** A service of the test's own, gone after it. */
export async function startService(options?: ServiceOptions) {
  const service = await openService(temporaryFolder(), options);
  onTestFinished(service.close);
  return service;
}

/** The same with so many tickets. */
export async function withTickets(count: number, options: ServiceOptions) {
  const service = await startService(options);
  for (let i = 0; i < count; i += 1) await service.create();
  return service;
}
