import autocannon from 'autocannon';
import type { Server } from './processes.ts';

export interface Load {
  connections: number;
  /** Requests that each connection sends without waiting for the answers to those before. */
  pipelining?: number;
  /** Lasts this long … */
  seconds?: number;
  /** … or this many requests. */
  requests?: number;
  method?: 'GET' | 'POST';
  body?: object;
  /** Asked for every request. */
  path: () => string;
}

export interface Sample {
  /** Answers per second. */
  rate: number;
  /** Latency's median and 99th percentile, in ms. */
  p50: number;
  p99: number;
  /** The server's time on its cores per request, in µs. */
  cpu: number;
}

/** What a server does under a load; throws if any answer is not 2xx. */
export async function measure(server: Server, load: Load): Promise<Sample> {
  const { connections, pipelining = 1, seconds, requests, method = 'GET', body, path } = load;
  const latencies: number[] = [];
  const before = await server.usage();
  const start = performance.now();
  let end = start;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const options: autocannon.Options = {
      ...{ url: server.url, connections, pipelining, sampleInt: 20, timeout: 60 },
      ...(requests ? { amount: requests } : { duration: seconds }),
      requests: [
        {
          method,
          ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
          setupRequest: (request) => ({ ...request, path: path() }),
        },
      ],
    };
    const instance = autocannon(options, (error, done) => (error ? reject(error) : resolve(done)));
    instance.on('response', (_client, _status, _bytes, ms) => {
      latencies.push(ms);
      end = performance.now();
    });
  });
  const after = await server.usage();
  if (result.non2xx + result.errors + result.timeouts > 0)
    throw new Error(`not every answer was good: ${JSON.stringify(result.statusCodeStats)}`);
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
  return {
    rate: (latencies.length / (end - start)) * 1000,
    p50: percentile(0.5),
    p99: percentile(0.99),
    cpu: (after.cpu - before.cpu) / latencies.length,
  };
}
