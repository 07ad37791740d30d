import type { Socket } from 'node:net';
import type { ConnectionError, FastifyInstance } from 'fastify';
import type { ErrorCode } from '../errors.ts';
import { makeProblem, type Problem } from '../schemas/problem.ts';

import { SECURITY_HEADERS } from './headers.ts';
import { responseOn } from './node-answers.ts';

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
    if (failed.has(socket)) return; // what comes after it fails, too
    failed.add(socket);
    afterAnswers(socket, () => {
      if (!socket.writable) return;
      if (responseOn(socket)?.headersSent) return void socket.destroySoon();
      const request_id = newId();
      const body = makeProblem(
        request_id,
        ...(NODE_ERRORS[error.code] ?? ['bad_request', 'the request cannot be read']),
      );
      this.log.info({ reqId: request_id, status: body.status, code: error.code }, 'no request: not readable as HTTP');
      socket.write(toBytes(body));
      socket.destroySoon(); // when it is sent
    });
  };
}

/** Goes on when all requests that have arrived as a whole on this connection are answered, or the connection is gone. */
function afterAnswers(socket: Socket, goOn: () => void): void {
  const response = responseOn(socket);
  if (!response?.req.complete || socket.destroyed) goOn();
  else response.once('close', () => afterAnswers(socket, goOn));
}

function toBytes(body: Problem): string {
  const json = JSON.stringify(body);
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    ...{ ...SECURITY_HEADERS, 'x-request-id': body.request_id },
    ...{ 'content-length': Buffer.byteLength(json), connection: 'close' },
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${body.status} ${body.title}\r\n${lines.join('')}\r\n${json}`;
}
