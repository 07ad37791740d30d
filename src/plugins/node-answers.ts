import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The server's options for what is answered here, in place of Node.js, which has only a bare status line for it. */
export const ANSWERED_HERE = { requireHostHeader: false };

/** HTTP/1.1 without Host must be refused: https://www.rfc-editor.org/rfc/rfc9112#section-3.2 */
export const isWithoutHost = ({ raw }: FastifyRequest): boolean =>
  raw.headers.host === undefined && raw.httpVersion === '1.1';

/** A server may ignore an expectation that it does not know: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1 */
export function ignoreExpectations(app: FastifyInstance): void {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
}

/** The response on a connection that is the next to be sent, if a request waits for one; Node's own error handler looks at it, too. */
export const responseOn = (socket: Socket): ServerResponse | undefined =>
  (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
