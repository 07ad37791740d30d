import 'undici'; // now, so that the first attempt's time limit does not include loading it
import { openService } from './open-service.ts';
import { LIMITS, type ProviderFault } from './provider-fault.ts';

/** A service that processes a new ticket with each fault of its provider. */
export async function openFaultyService(folder: string, api: 'responses' | 'chat') {
  const { close, create, log, logged, process, provider, read } = await openService(folder, { ...LIMITS, api });
  return {
    close,
    async run({ responses }: ProviderFault) {
      log.length = 0;
      const firstCall = provider.requests.length;
      const firstByte = provider.sentBytes();
      const { id } = await create();
      provider.respond(() => {
        const call = provider.requests.length - firstCall;
        return responses[Math.min(call, responses.length) - 1] ?? {};
      });
      const start = performance.now();
      const response = await process(id);
      return {
        response,
        ms: Math.round(performance.now() - start),
        id,
        calls: provider.requests.length - firstCall,
        sentBytes: provider.sentBytes() - firstByte,
        ticket: await read(`/tickets/${id}`),
        stored: (await read(`/tickets/${id}/result`)) as Record<string, unknown>,
        log: [...log],
        runLines: logged('run'),
      };
    },
  };
}
