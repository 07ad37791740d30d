/**
 * The baseline server on PostgreSQL: node:http and a pool of 10 connections, one statement per request. It has no
 * framework, validates only types, and listens on $PORT.
 *
 * usage: baseline-postgres DATABASE_URL
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.argv[2], max: 10 });
const COLUMNS = 'id::int, created_at, source, raw_text, status';

const selectTicket = (id: number) =>
  pool.query({ name: 'select', text: `SELECT ${COLUMNS} FROM tickets WHERE id = $1`, values: [id] });
const insertTicket = (source: string, text: string) =>
  pool.query({
    name: 'insert',
    text: `INSERT INTO tickets (source, raw_text) VALUES ($1, $2) RETURNING ${COLUMNS}`,
    values: [source, text],
  });

const server = createServer(async (request, response) => {
  const [, collection, id] = (request.url ?? '').split('/');
  if (collection === 'health') return send(response, 200);
  if (request.method === 'POST') return createTicket(request, response);
  const { rows } = await selectTicket(Number(id));
  send(response, rows[0] ? 200 : 404, rows[0]);
});

function createTicket(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const { raw_text, source = 'web' } = JSON.parse(Buffer.concat(chunks).toString());
    if (typeof raw_text !== 'string' || typeof source !== 'string') return send(response, 422);
    const { rows } = await insertTicket(source, raw_text);
    send(response, 201, rows[0]);
  });
}

function send(response: ServerResponse, status: number, row?: { created_at: Date }): void {
  const json = JSON.stringify(row ? { ...row, created_at: `${row.created_at.toISOString().slice(0, 19)}Z` } : null);
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(json) };
  response.writeHead(status, headers).end(json);
}

server.listen(Number(process.env.PORT), '127.0.0.1');
