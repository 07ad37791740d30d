import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';

/** The server's options that go with `answerForNode`. */
export const ANSWERED_HERE = { requireHostHeader: false };

/** Answers the two kinds of readable requests that Node.js would else answer itself, with a bare status line. */
export function answerForNode(app: FastifyInstance): void {
  // A server may ignore an expectation that it does not know: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));

  // It must refuse HTTP/1.1 without Host: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
  app.addHook('onRequest', ({ headers, raw }, _reply, done) => {
    const isMissing = headers.host === undefined && raw.httpVersion === '1.1';
    done(isMissing ? new AppError('bad_request', 'the header Host is missing') : undefined);
  });
}
