import type { Dispatcher } from 'undici';

/** Proxies between the service and the provider. */
export interface ProxyOptions {
  /** URL of the proxy for https: providers. It receives CONNECT requests. */
  https?: string | undefined;
  /** URL of the proxy for http: providers, and for https: providers if `https` is not set. */
  http?: string | undefined;
  /** Comma-separated hosts that are called directly. Loopback addresses always are. */
  except?: string | undefined;
}

/** A cancelled call does not end an attempt to open a tunnel, which takes one of the connections. */
const TUNNEL_TIMEOUT_MS = 10_000;

/** Creates an HTTP/1.1 client that opens at most `connections` connections to the provider, also through a proxy. */
export const createDispatcher = (
  { EnvHttpProxyAgent, Pool }: typeof import('undici'),
  connections: number,
  { https, http, except }: ProxyOptions,
): Dispatcher =>
  new EnvHttpProxyAgent({
    // For undefined, undici reads process.env, which lacks the variables of .env.
    httpsProxy: https ?? '',
    httpProxy: http ?? '',
    noProxy: [except, 'localhost', '127.0.0.1', '::1'].join(),
    allowH2: false,
    // The option `connections` would not apply to http: requests through a proxy.
    factory: (origin, options) => new Pool(origin, { ...options, connections }),
    clientFactory: (proxy, options) => new Pool(proxy, { ...options, headersTimeout: TUNNEL_TIMEOUT_MS }),
  });
