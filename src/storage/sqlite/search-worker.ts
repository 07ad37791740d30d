/** The threads that search and count; see search-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { createTicketCount, createTicketList } from './list.ts';
import type { SearchAnswer, SearchRequest } from './search-thread.ts';

// Not `readonly`: such a connection would leave its -wal and -shm files behind if it is the last one.
const sqlite = new Database(workerData.path, { fileMustExist: true });
sqlite.pragma('query_only = ON');
const listTickets = createTicketList(sqlite);
const countTickets = createTicketCount(sqlite);

parentPort?.on('message', (request: SearchRequest) => parentPort?.postMessage(answer(request)));

function answer(request: SearchRequest): SearchAnswer {
  try {
    if ('count' in request) return { result: countTickets(request.count) };
    return { result: listTickets(request.query, performance.now() + request.budgetMs) };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }; // an Error that is posted loses its code
    return { error: { code, message } };
  }
}
