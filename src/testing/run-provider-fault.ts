import 'undici'; // now, so that the first attempt's time limit does not include loading it
import { openService } from './open-service.ts';
import { LIMITS, type ProviderFault } from './provider-fault.ts';

/** Processes one ticket with a provider that has this fault. */
export async function runProviderFault({ api = 'responses', responses }: ProviderFault, folder: string) {
  const service = await openService(folder, { ...LIMITS, api });
  const { create, log, logged, process, provider, read } = service;
  await create();
  provider.respond(() => responses[Math.min(provider.requests.length, responses.length) - 1] ?? {});
  const start = performance.now();
  const response = await process(1);
  const ms = Math.round(performance.now() - start);
  const ticket = await read('/tickets/1');
  const stored: Record<string, unknown> = await read('/tickets/1/result');
  const sentBytes = provider.sentBytes();
  await service.close();
  return { response, ms, calls: provider.requests.length, ticket, stored, log, runLines: logged('run'), sentBytes };
}
