import autocannon from 'autocannon';
import type { Server } from './processes.ts';
import type { Metrics } from './scenario.ts';

export interface Load {
  /** Each has one request under way at a time. */
  connections: number;
  /** Either the load lasts this long … */
  seconds?: number;
  /** … or it has this many requests. */
  requests?: number;
  method: 'GET' | 'POST';
  /** Sent as JSON. */
  body?: object;
  /** A function is called for every request, which costs the generator time. */
  path: string | (() => string);
}

/**
 * Puts a server under load.
 *
 * @throws if a response is not 2xx.
 */
export async function measureLoad(server: Server, load: Load): Promise<Metrics> {
  const latenciesMs: number[] = []; // autocannon's own histogram holds whole milliseconds
  const before = await server.usage();
  const start = performance.now();
  let end = start;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(toOptions(server.url, load), (error, done) => (error ? reject(error) : resolve(done)));
    instance.on('response', (_client, _status, _bytes, ms) => {
      latenciesMs.push(ms);
      end = performance.now();
    });
  });
  const after = await server.usage();
  if (result.non2xx + result.errors + result.timeouts > 0)
    throw new Error(`not every response was 2xx: ${JSON.stringify(result.statusCodeStats)}`);
  latenciesMs.sort((a, b) => a - b);
  const percentile = (share: number) => latenciesMs[Math.floor(share * (latenciesMs.length - 1))] ?? Number.NaN;
  return {
    requestsPerSecond: (latenciesMs.length / (end - start)) * 1000,
    p50Ms: percentile(0.5),
    p95Ms: percentile(0.95),
    p99Ms: percentile(0.99),
    cpuUs: (after.cpuUs - before.cpuUs) / latenciesMs.length,
  };
}

/** Makes one request. */
export async function measureRequest(url: string): Promise<Metrics> {
  const start = performance.now();
  const response = await fetch(url);
  const body = await response.text();
  if (!response.ok) throw new Error(`${url} returned ${response.status}: ${body}`);
  return { durationMs: performance.now() - start };
}

/** The same for autocannon and for fetch. */
export const requestOptions = ({ method, body }: Load) => ({
  method,
  ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
});

function toOptions(url: string, load: Load): autocannon.Options {
  const { connections, seconds, requests, path } = load;
  return {
    url,
    connections,
    ...(requests ? { amount: requests } : { duration: seconds }),
    sampleInt: 20, // in ms: how often autocannon checks whether the time is over
    timeout: 60,
    requests: [
      {
        ...requestOptions(load),
        ...(typeof path === 'string' ? { path } : { setupRequest: (request) => ({ ...request, path: path() }) }),
      },
    ],
  };
}
