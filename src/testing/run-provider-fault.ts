import { openService } from './open-service.ts';
import { AT_MOST, LIMITS, type ProviderFault } from './provider-faults.ts';

/** One ticket processed by a service whose provider does this. */
export async function runProviderFault({ answers }: ProviderFault, folder: string) {
  const service = await openService(folder, LIMITS);
  const { create, log, process, provider, read } = service;
  await create();
  provider.respond(() => answers[Math.min(provider.requests.length, answers.length) - 1] ?? {});
  const start = performance.now();
  const response = await process(1);
  const ms = Math.round(performance.now() - start);
  const outcome = { response, ms, calls: provider.requests, ticket: await read('/tickets/1'), log };
  const stored = (await read('/tickets/1/result')) as Record<string, unknown>;
  const sentBytes = provider.sentBytes();
  await service.close();
  return { ...outcome, stored, sentBytes, isInTime: ms <= AT_MOST };
}
