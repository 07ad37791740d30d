/**
 * The baseline server: the routes that the benchmark uses, with the service's tables and JSON, on node:http and
 * prepared statements. It has no framework, validates only types, and commits once per request. It listens on $PORT.
 *
 * usage: baseline FILE [FULL|NORMAL]
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import Database from 'better-sqlite3';

interface Row {
  id: number;
  created_at: string;
}

const [file = '', synchronous = 'FULL'] = process.argv.slice(2);
const sqlite = new Database(file);
sqlite.pragma('journal_mode = WAL');
sqlite.pragma(`synchronous = ${synchronous}`);
const selectTicket = sqlite.prepare<[number], Row>(
  'SELECT id, created_at, source, raw_text, status FROM tickets WHERE id = ?',
);
const selectResult = sqlite.prepare<[number], Row>('SELECT * FROM results WHERE ticket_id = ?');
const insertTicket = sqlite.prepare<[string, string], Row>(
  'INSERT INTO tickets (source, raw_text) VALUES (?, ?) RETURNING id, created_at, source, raw_text, status',
);

const server = createServer((request, response) => {
  const [, collection, id, action] = (request.url ?? '').split('/');
  if (collection === 'health') return send(response, 200);
  if (request.method === 'POST' && id === undefined) return createTicket(request, response);
  // Every processed ticket has its result, so that `process` reads it, like `result`.
  const row = (action ? selectResult : selectTicket).get(Number(id));
  send(response, row ? 200 : 404, row);
});

function createTicket(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { raw_text, source = 'web' } = JSON.parse(Buffer.concat(chunks).toString());
    if (typeof raw_text !== 'string' || typeof source !== 'string') return send(response, 422);
    send(response, 201, insertTicket.get(source, raw_text));
  });
}

function send(response: ServerResponse, status: number, row?: Row): void {
  if (row) row.created_at = `${row.created_at.slice(0, 10)}T${row.created_at.slice(11, 19)}Z`;
  const json = JSON.stringify(row ?? null);
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(json) };
  response.writeHead(status, headers).end(json);
}

server.listen(Number(process.env.PORT), '127.0.0.1');
