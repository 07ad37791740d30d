import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folder.ts';
import { type Behaviour, completed, startProvider } from './provider.ts';
import { type ServerOptions, startServer } from './server-process.ts';

// biome-ignore lint/suspicious/noExplicitAny: the expectations check what a server answers
export const json = async (response: Response | Promise<Response>): Promise<any> => (await response).json();

/** A provider behaviour: a good answer after a delay. */
export const answerAfter = (ms: number) => async (): Promise<Behaviour> => {
  await sleep(ms);
  return completed();
};

/**
 * Starts server processes in one folder, with one provider for all. Their database is a new SQLite file in that folder,
 * unless the environment has another DATABASE_URL.
 */
export async function startServers(count: number, environment: Record<string, string> = {}) {
  const folder = temporaryFolder();
  const provider = await startProvider();
  onTestFinished(provider.close);
  const settings = { OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: provider.url, ...environment };
  const start = ({
    environment: overrides,
    ...options
  }: ServerOptions & { environment?: Record<string, string> } = {}) =>
    startServer({ ...settings, ...overrides }, folder, options);
  const servers = await Promise.all(Array.from({ length: count }, () => start()));
  return { folder, provider, servers: servers as [Server, Server, Server], start };
}
export type Server = Awaited<ReturnType<typeof startServer>>;
