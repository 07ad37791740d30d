import type { Socket } from 'node:net';
import type { ConnectionError, FastifyInstance } from 'fastify';
import type { ErrorCode } from '../errors.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { responseOn } from './node-answers.ts';
import { problem } from './problem.ts';

const NODE_ERRORS: Record<string, [ErrorCode, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'the request took too long to arrive'],
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'the headers are too large'],
};

/**
 * Answers what Node could not read as HTTP: there is no request and no reply yet, only the socket. What came before it on the
 * connection has its answer first.
 *
 * @param newId makes an id for what is no request.
 */
export function answerClientErrors(newId: () => string) {
  const failed = new WeakSet<Socket>();

  return function answer(this: FastifyInstance, error: ConnectionError, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy(error);
    const response = responseOn(socket);
    if (response?.req.complete) {
      if (!failed.has(socket)) response.once('close', () => answer.call(this, error, socket));
      failed.add(socket); // what comes meanwhile fails, too
      return;
    }
    if (response?.headersSent) return void socket.destroySoon();
    const request_id = newId();
    const known = NODE_ERRORS[error.code] ?? ['bad_request', 'the request cannot be read'];
    const body = problem(request_id, ...known);
    this.log.info({ reqId: request_id, status: body.status, code: error.code }, 'no request: not readable as HTTP');
    const json = JSON.stringify(body);
    const headers = {
      'content-type': 'application/problem+json; charset=utf-8',
      ...{ ...SECURITY_HEADERS, 'x-request-id': request_id },
      ...{ 'content-length': Buffer.byteLength(json), connection: 'close' },
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${body.status} ${body.title}\r\n${lines.join('')}\r\n${json}`);
    socket.destroySoon(); // when it and the answers before it are sent
  };
}
