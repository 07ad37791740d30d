import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { temporaryFolder } from './folder.ts';
import { openService, type ServiceOptions } from './open-service.ts';
import { completed } from './provider.ts';

/** Starts a service with a database of its own. It is closed after the test. */
export async function startService(options?: ServiceOptions) {
  const service = await openService(temporaryFolder(), options);
  onTestFinished(service.close);
  return service;
}

/**
 * The same for all tests of a file that do not care what the others have stored. The returned function starts it at its
 * first call.
 */
export function shareService(options?: ServiceOptions | (() => Promise<ServiceOptions>)) {
  const folder = mkdtempSync(join(tmpdir(), 'ticket-service-'));
  let service: ReturnType<typeof openService> | undefined;
  afterAll(async () => {
    await (await service)?.close();
    rmSync(folder, { recursive: true });
  });
  const open = async () => openService(folder, typeof options === 'function' ? await options() : options);
  return () => {
    service ??= open();
    return service;
  };
}

/** A shared service with a new ticket. Its provider answers again, and has received no requests. */
export async function withNewTicket(shared: ReturnType<typeof shareService>) {
  const service = await shared();
  service.provider.respond(completed());
  service.provider.requests.length = 0;
  const { id }: { id: number } = await service.create();
  return { ...service, id };
}

/** A service with so many tickets. */
export async function withTickets(count: number, options: ServiceOptions) {
  const service = await startService(options);
  for (let i = 0; i < count; i += 1) await service.create();
  return service;
}

/** The same, listening on loopback. */
export async function listen(options?: ServiceOptions) {
  const service = await startService(options);
  return { ...service, url: await service.app.listen({ host: '127.0.0.1', port: 0 }) };
}
