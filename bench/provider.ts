/** The tests' provider as a process of its own on $PORT. It responds after a delay: `node bench/provider.ts [MS]`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { completed, startProvider } from '../src/testing/provider.ts';

const delayMs = Number(process.argv[2] ?? 0);
const provider = await startProvider(Number(process.env.PORT));
const completion = completed();
provider.respond(async () => {
  if (delayMs > 0) await sleep(delayMs);
  provider.requests.length = 0; // otherwise memory grows with every request
  return completion;
});
