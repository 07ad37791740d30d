import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyInstance } from 'fastify';
import type { ErrorCode } from '../errors.ts';
import { makeProblem, type Problem } from '../schemas/problem.ts';
import { SECURITY_HEADERS } from './request-context.ts';

const NODE_ERRORS: Record<string, [ErrorCode, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'the request took too long to arrive'],
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'the headers are too large'],
};

/** Answers what Node cannot read as HTTP and closes the connection. There is no request or reply, only the socket. */
export function answerUnreadableHttp(this: FastifyInstance, error: ConnectionError, socket: Socket): void {
  // It is reset, and thus destroyed, or it closes after an answer that is still being sent.
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const [code, detail] = NODE_ERRORS[error.code] ?? ['bad_request', 'the request cannot be read as HTTP'];
  const problem = makeProblem(randomUUID(), code, detail);
  this.log.info({ reqId: problem.request_id, status: problem.status, code, reason: error.code }, 'unreadable request');
  socket.write(toBytes(problem));
  socket.destroySoon(); // after the answer has been sent
}

function toBytes(problem: Problem): string {
  const json = JSON.stringify(problem);
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
    'x-request-id': problem.request_id,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${json}`;
}
