import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folder.ts';
import { type Behaviour, completed, startProvider } from './provider.ts';
import { startServer } from './server-process.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked at by the expectations
export const json = async (response: Response | Promise<Response>): Promise<any> => (await response).json();

/** A good answer after so many ms. */
export const after = (ms: number) => async (): Promise<Behaviour> => {
  await sleep(ms);
  return completed();
};

/** Server processes on one new file, with one provider between them. */
export async function startServers(count: number, environment: Record<string, string> = {}) {
  const folder = temporaryFolder();
  const provider = await startProvider();
  onTestFinished(provider.close);
  const settings = { OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: provider.url, ...environment };
  const start = () => startServer(settings, folder);
  const servers = await Promise.all(Array.from({ length: count }, start));
  return { folder, provider, servers: servers as [Server, Server], start };
}
export type Server = Awaited<ReturnType<typeof startServer>>;
