import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../errors.ts';
import { createCountQueue, createSearchQueue } from '../search-queue.ts';
import type { TicketFilter, TicketListPage, TicketListQuery } from '../types.ts';
import { toStorageError } from './errors.ts';

/** The source, or the file that the bundler makes of it. */
const WORKER_FILE = new URL(`search-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'cjs'}`, import.meta.url);

export type SearchRequest = { query: TicketListQuery; budgetMs: number } | { count: TicketFilter };

export type SearchAnswer =
  | { result: TicketListPage | number }
  | { error: { code: string | undefined; message: string } };

/**
 * Searches and counts in threads of their own, because both may read every ticket. Searches have a limit of time, counts
 * have none, so they do not share a thread.
 */
export function createSearchThreads(path: string) {
  const searchThread = createThread(path);
  const countThread = createThread(path);
  const search = (query: TicketListQuery, budgetMs: number) => searchThread.ask<TicketListPage>({ query, budgetMs });
  const count = (filter: TicketFilter) => countThread.ask<number>({ count: filter });
  return {
    search: createSearchQueue(search, 1),
    count: createCountQueue(count),

    async close(): Promise<void> {
      await Promise.all([searchThread.close(), countThread.close()]);
    },
  };
}

/** A thread that starts with the first request. If it dies, the request fails and the next one starts a new thread. */
function createThread(path: string) {
  let worker: Worker | undefined;

  function start(): Worker {
    const started = new Worker(WORKER_FILE, { workerData: { path } });
    started.unref();
    const forget = () => {
      if (worker === started) worker = undefined;
    };
    // A request fails at `error`. The next one must not be sent to this thread, whose `exit` comes later.
    started.on('error', forget);
    started.on('exit', forget);
    return started;
  }

  return {
    /** One request at a time. */
    async ask<T extends TicketListPage | number>(request: SearchRequest): Promise<T> {
      worker ??= start();
      const answer = await answerOf(worker, request);
      if ('result' in answer) return answer.result as T;
      throw toStorageError(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
    },

    async close(): Promise<void> {
      await worker?.terminate();
    },
  };
}

async function answerOf(worker: Worker, request: SearchRequest): Promise<SearchAnswer> {
  const settled = new AbortController();
  const { signal } = settled;
  const failed = async () => {
    await once(worker, 'exit', { signal });
    throw new Error('the search thread has ended');
  };
  try {
    worker.postMessage(request);
    const [answer] = await Promise.race([once(worker, 'message', { signal }), failed()]);
    return answer;
  } catch (cause) {
    const details = { cause: (cause as Error).message };
    throw new AppError('storage_unavailable', 'the database cannot be used now', { cause, details });
  } finally {
    settled.abort();
  }
}
