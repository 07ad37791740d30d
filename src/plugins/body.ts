import type { FastifyBodyParser } from 'fastify';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';
import { parseJson } from './json.ts';

/** Reads JSON bodies: `application/json` and `application/*+json`, with any parameters. All others are 415. */
export const jsonBodies = fp(async (app) => {
  app.removeAllContentTypeParsers();
  const parse: FastifyBodyParser<Buffer> = (request, body, done) => {
    const { 'content-encoding': coding = 'identity' } = request.headers;
    if (coding !== 'identity') return done(new AppError('unsupported_media_type', 'the body must not be compressed'));
    done(null, parseJson(body));
  };
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parse);
  app.addContentTypeParser(/^application\/[\w.-]+\+json(?:[;\s]|$)/, { parseAs: 'buffer' }, parse);
});
