/** The tests' provider as a process of its own, on $PORT; answers after so many ms: `node bench/provider.ts [MS]`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { completed, startProvider } from '../src/testing/provider.ts';

const delay = Number(process.argv[2] ?? 0);
const provider = await startProvider(Number(process.env.PORT));
const answer = completed();
provider.respond(async () => {
  if (delay > 0) await sleep(delay);
  provider.requests.length = 0; // nobody looks at them
  return answer;
});
