import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import type { ServiceOptions } from '../../testing/open-service.ts';
import { sendTicket } from '../../testing/openai.ts';
import { OUTPUT, startProvider } from '../../testing/provider.ts';
import { startProxy } from '../../testing/proxy.ts';
import { startServer } from '../../testing/server-process.ts';
import { withTickets } from '../../testing/service.ts';
import { createCertificate, HAS_OPENSSL, startTlsServer } from '../../testing/tls.ts';
import type { OpenAIOptions } from './client.ts';

/** Only the proxy can resolve this name. */
const HOST = 'provider.test';

async function withProxy() {
  const proxy = await startProxy();
  onTestFinished(proxy.close);
  return proxy;
}

/** Starts a provider that is called `HOST`. */
async function withProvider() {
  const provider = await startProvider();
  onTestFinished(provider.close);
  return { provider, baseURL: provider.url.replace('127.0.0.1', HOST) };
}

/** Starts a service with tickets whose provider is called `HOST`. */
async function withTicketsAndProxy(
  count: number,
  concurrency: number,
  proxy: OpenAIOptions['proxy'],
  timeoutMs = 20_000,
) {
  const { provider, baseURL } = await withProvider();
  const options = { concurrency, attemptTimeoutMs: timeoutMs, openai: { baseURL, proxy } };
  const service = await withTickets(count, options);
  const processAll = () => Promise.all(Array.from({ length: count }, (_, i) => service.process(i + 1)));
  return { provider, processAll };
}

describe('a proxy for an http: provider', () => {
  it('receives the requests with its credentials, which the provider does not see', async () => {
    const proxy = await withProxy();
    const { baseURL, provider } = await withProvider();
    const answer = await sendTicket({ baseURL, proxy: { http: `http://user:p%40ss@${proxy.host}` } });
    expect(answer).toMatchObject(OUTPUT);
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(proxy.requests).toEqual([{ line: `POST ${baseURL}/responses`, authorization }]);
    expect(provider.requests[0]?.headers.host).toBe(new URL(baseURL).host);
  });

  it('has no more connections than calls may be active, and they are reused', async () => {
    const proxy = await withProxy();
    const { processAll } = await withTicketsAndProxy(40, 4, { http: `http://${proxy.host}` });
    const responses = await processAll();
    expect(responses.map(({ statusCode }) => statusCode)).toEqual(Array(40).fill(200));
    expect(proxy.requests).toHaveLength(40);
    expect(proxy.connections().made).toBeLessThanOrEqual(4);
  });

  it('has no open connection after calls timed out', async () => {
    const proxy = await withProxy();
    const { processAll, provider } = await withTicketsAndProxy(12, 3, { http: `http://${proxy.host}` }, 100);
    provider.respond(() => () => {});
    const responses = await processAll();
    expect(responses.map(({ statusCode }) => statusCode)).toEqual(Array(12).fill(504));
    await expect.poll(proxy.connections).toMatchObject({ open: 0 });
  });

  it.each([
    ['the host', HOST],
    ['one of several hosts', `other.test, ${HOST}`],
    ['the domain', '.test'],
    ['every host', '*'],
  ])('is not used if NO_PROXY has %s', async (_name, except) => {
    const proxy = await withProxy();
    const { baseURL } = await withProvider();
    const answer = sendTicket({ baseURL, proxy: { http: `http://${proxy.host}`, except } });
    await expect(answer).rejects.toMatchObject({ code: 'llm_unavailable' }); // this machine cannot resolve the name
    expect(proxy.requests).toEqual([]);
  });

  it('is used for an https: provider, too, if that has no proxy of its own', async () => {
    const proxy = await withProxy();
    const answer = sendTicket({ baseURL: `https://${HOST}:1/v1`, proxy: { http: `http://${proxy.host}` } });
    await expect(answer).rejects.toMatchObject({ code: 'llm_unavailable' }); // nothing listens on the port
    expect(proxy.requests).toMatchObject([{ line: `CONNECT ${HOST}:1` }]);
  });

  it('is not used for loopback addresses', async () => {
    const proxy = await withProxy();
    const { provider } = await withProvider();
    const options = { https: `http://${proxy.host}`, http: `http://${proxy.host}` };
    expect(await sendTicket({ baseURL: provider.url, proxy: options })).toMatchObject(OUTPUT);
    expect(proxy.requests).toEqual([]);
  });

  it('is not read from process.env by undici', async () => {
    const proxy = await withProxy();
    process.env.HTTP_PROXY = `http://${proxy.host}`;
    onTestFinished(() => void delete process.env.HTTP_PROXY);
    const { baseURL } = await withProvider();
    await expect(sendTicket({ baseURL })).rejects.toMatchObject({ code: 'llm_unavailable' });
    expect(proxy.requests).toEqual([]);
  });
});

describe.skipIf(!HAS_OPENSSL)('a proxy for an https: provider', () => {
  const trusted = getCACertificates();
  const folder = mkdtempSync(`${tmpdir()}/ticket-service-`);
  let certificate: ReturnType<typeof createCertificate>;
  beforeAll(() => {
    certificate = createCertificate(folder, HOST);
  });
  afterEach(() => setDefaultCACertificates(trusted));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** An https: provider behind a TLS server, and a proxy. */
  async function startTls() {
    const provider = await startProvider();
    const tls = await startTlsServer(certificate, Number(new URL(provider.url).port));
    onTestFinished(provider.close);
    onTestFinished(tls.close);
    return { provider, tls, proxy: await withProxy(), baseURL: `https://${HOST}:${tls.port}/v1` };
  }

  /** A service with tickets that trusts the provider's certificate. */
  async function withTicketsAndTls(count: number, options: ServiceOptions = {}, except?: string) {
    const started = await startTls();
    setDefaultCACertificates([...trusted, certificate.cert.toString()]);
    const proxy = { https: `http://${started.proxy.host}`, except };
    const service = await withTickets(count, { ...options, openai: { baseURL: started.baseURL, proxy } });
    const process = async (id: number) => (await service.process(id)).json();
    const processAll = () => Promise.all(Array.from({ length: count }, (_, i) => process(i + 1)));
    return { ...service, ...started, process, processAll };
  }

  it('sees only CONNECT, and its credentials are not logged', async () => {
    const { provider, tls, proxy, baseURL } = await startTls();
    const environment = {
      OPENAI_BASE_URL: baseURL,
      HTTPS_PROXY: `http://user:canary-password@${proxy.host}`,
      NODE_EXTRA_CA_CERTS: certificate.path,
    };
    const { output, post } = await startServer(environment, temporaryFolder());
    await post('/tickets', { raw_text: 'I cannot login.' });
    expect(await (await post('/tickets/1/process')).json()).toMatchObject(OUTPUT);
    const authorization = `Basic ${Buffer.from('user:canary-password').toString('base64')}`;
    expect(proxy.requests).toEqual([{ line: `CONNECT ${HOST}:${tls.port}`, authorization }]);
    expect(provider.requests).toHaveLength(1);
    expect(provider.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    await expect.poll(() => output.text).toContain('"outcome":"succeeded"');
    expect(output.text).toContain(`"HTTPS_PROXY":"http://${proxy.host}"`);
    expect(output.text).not.toContain('canary-password');
  });

  it('has no more tunnels than calls may be active, and they are reused', async () => {
    const { processAll, proxy, tls } = await withTicketsAndTls(24, { concurrency: 3 });
    expect(await processAll()).toEqual(Array(24).fill(expect.objectContaining(OUTPUT)));
    expect(proxy.requests.length).toBeLessThanOrEqual(3);
    expect(tls.connections()).toBeLessThanOrEqual(3);
    expect(proxy.connections().maxOpen).toBeLessThanOrEqual(3);
  });

  it('has no open tunnel after calls timed out', async () => {
    const { processAll, provider, proxy } = await withTicketsAndTls(6, { concurrency: 3, attemptTimeoutMs: 500 });
    provider.respond(() => () => {});
    expect(await processAll()).toEqual(Array(6).fill(expect.objectContaining({ code: 'llm_timeout' })));
    await expect.poll(proxy.connections).toMatchObject({ open: 0 });
  });

  it('does not make an unknown certificate trusted', async () => {
    const { logged, process, provider, proxy } = await withTicketsAndTls(1);
    setDefaultCACertificates(trusted);
    expect(await process(1)).toMatchObject({ code: 'llm_unavailable' });
    expect(proxy.requests).toHaveLength(1);
    expect(provider.requests).toEqual([]);
    expect(logged('run')).toMatchObject([{ provider: { cause: 'DEPTH_ZERO_SELF_SIGNED_CERT' } }]);
  });

  it('is not used if NO_PROXY has the host', async () => {
    const { process, proxy } = await withTicketsAndTls(1, {}, HOST);
    expect(await process(1)).toMatchObject({ code: 'llm_unavailable' });
    expect(proxy.requests).toEqual([]);
  });

  it('that refuses the tunnel causes llm_unavailable', async () => {
    const { logged, process, proxy } = await withTicketsAndTls(1);
    proxy.behaviour.connect = 'refuse';
    expect(await process(1)).toMatchObject({ code: 'llm_unavailable' });
    expect(logged('run')).toMatchObject([{ provider: { cause: 'UND_ERR_ABORTED' } }]);
    proxy.behaviour.connect = 'tunnel';
    expect(await process(1)).toMatchObject(OUTPUT);
  });

  it('that does not answer does not extend the time limit of a call', async () => {
    const { logged, process, proxy } = await withTicketsAndTls(1, {
      maxAttempts: 2,
      attemptTimeoutMs: 200,
      timeoutMs: 9000, // less than undici waits for the tunnel
    });
    proxy.behaviour.connect = 'hang';
    expect(await process(1)).toMatchObject({ code: 'llm_timeout' });
    expect(logged('run')).toMatchObject([{ attempts: 2 }]);
  });

  it('that does not answer is asked again by the next call', async () => {
    const { process, proxy } = await withTicketsAndTls(1, { concurrency: 1, attemptTimeoutMs: 500 });
    proxy.behaviour.connect = 'hang';
    expect(await process(1)).toMatchObject({ code: 'llm_timeout' });
    proxy.behaviour.connect = 'tunnel';
    await expect.poll(() => process(1)).toMatchObject(OUTPUT);
  });
});
