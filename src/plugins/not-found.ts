import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';

/** Replaces a path that cannot be decoded. No client can ask for it, because it contains a space. */
const UNDECODABLE_PATH = '/undecodable path';

/** Fastify calls no hooks for a path that it cannot decode. Routing the request again does. */
export function rerouteUndecodablePath(_error: Error, { raw, server }: FastifyRequest, reply: FastifyReply): void {
  raw.url = UNDECODABLE_PATH;
  server.routing(raw, reply.raw);
}

function notFound({ url }: Pick<FastifyRequest, 'url'>): AppError {
  return url === UNDECODABLE_PATH
    ? new AppError('bad_request', 'the path cannot be decoded')
    : new AppError('not_found', 'there is nothing at this path; /docs lists the routes');
}

/** Answers requests for unknown paths before their body is read. */
export const unknownPaths = fp(async (app) => {
  app.addHook('onRequest', (request, _reply, done) => done(request.is404 ? notFound(request) : undefined));
  app.setNotFoundHandler(async (request) => {
    throw notFound(request); // for files that `/docs/static` does not have
  });
});
