/**
 * The least that Node can do: `node:http` over prepared statements, the service's table and JSON, no framework, no checks
 * beyond the type, one commit per request.
 *
 * usage: node bench/floor.ts FILE [FULL|NORMAL]
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Database from 'better-sqlite3';

const [file = '', synchronous = 'FULL'] = process.argv.slice(2);
const sqlite = new Database(file);
sqlite.pragma('journal_mode = WAL');
sqlite.pragma(`synchronous = ${synchronous}`);
const select = sqlite.prepare('SELECT * FROM tickets WHERE id = ?');
const selectResult = sqlite.prepare('SELECT * FROM results WHERE ticket_id = ?');
const insert = sqlite.prepare('INSERT INTO tickets (source, raw_text) VALUES (?, ?) RETURNING *');

interface Row {
  id: number;
  created_at: string;
}

function send(response: ServerResponse, status: number, row: Row | null): void {
  if (row) row.created_at = `${row.created_at.slice(0, 10)}T${row.created_at.slice(11, 19)}Z`;
  const json = JSON.stringify(row);
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(json) };
  response.writeHead(status, headers).end(json);
}

const server = createServer((request, response) => {
  const [, collection, id, part] = (request.url ?? '').split('/');
  if (collection === 'health') return send(response, 200, null);
  if (request.method === 'GET') return send(response, 200, (part ? selectResult : select).get(Number(id)) as Row);
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk) => chunks.push(chunk))
    .on('end', () => {
      const { raw_text, source = 'web' } = JSON.parse(Buffer.concat(chunks).toString());
      if (typeof raw_text !== 'string' || typeof source !== 'string') return send(response, 422, null);
      send(response, 201, insert.get(source, raw_text) as Row);
    });
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
