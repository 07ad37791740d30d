import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../errors.ts';
import { createSearchQueue } from '../search-queue.ts';
import type { TicketListPage, TicketListQuery } from '../types.ts';
import { toStorageError } from './errors.ts';

/** The source, or the file that the bundler makes of it. */
const WORKER_FILE = new URL(`search-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'cjs'}`, import.meta.url);

export interface SearchRequest {
  query: TicketListQuery;
  budgetMs: number;
}

export type SearchAnswer = { page: TicketListPage } | { error: { code: string | undefined; message: string } };

/**
 * Searches in a thread of its own, because a search may read the text of every ticket. The thread starts with the first
 * search. If it dies, the search fails and the next one starts a new thread.
 */
export function createSearchThread(path: string) {
  let worker: Worker | undefined;

  function startWorker(): Worker {
    const started = new Worker(WORKER_FILE, { workerData: { path } });
    started.unref();
    started.on('error', () => {}); // `ask` gets it, too
    started.on('exit', () => {
      if (worker === started) worker = undefined;
    });
    return started;
  }

  async function search(query: TicketListQuery, budgetMs: number): Promise<TicketListPage> {
    worker ??= startWorker();
    const answer = await ask(worker, { query, budgetMs });
    if ('page' in answer) return answer.page;
    throw toStorageError(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
  }

  return {
    search: createSearchQueue(search, 1),

    async close(): Promise<void> {
      await worker?.terminate();
    },
  };
}

async function ask(worker: Worker, request: SearchRequest): Promise<SearchAnswer> {
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
