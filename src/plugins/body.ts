import { isUtf8 } from 'node:buffer';
import type { FastifyBodyParser, FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';

/**
 * Reads JSON bodies: `application/json` and `application/*+json`, with any parameters, with or without a BOM.
 * Bytes that are not UTF-8 are unreadable JSON; decoding them as a string would turn them into U+FFFD.
 */
export function acceptJson(app: FastifyInstance): void {
  // "ignore": a field called __proto__ is an unknown field like any other, no field is copied by name.
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore');
  app.removeAllContentTypeParsers();
  const parse: FastifyBodyParser<Buffer> = (request, body, done) => {
    const { 'content-encoding': coding = 'identity' } = request.headers;
    if (coding !== 'identity') return done(new AppError('unsupported_media_type', 'the body must not be compressed'));
    parseJson(request, isUtf8(body) ? body.toString() : '', done);
  };
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parse);
  app.addContentTypeParser(/^application\/[\w.-]+\+json(?:[;\s]|$)/, { parseAs: 'buffer' }, parse);
}

/** Makes all routes of this instance ignore the body, whatever it is and claims to be. */
export function ignoreBody(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    // One that cannot be read would be answered before any parser is asked.
    if (request.headers['content-type'] !== undefined) delete request.headers['content-type'];
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => {
    body.resume(); // else it would not arrive, and the request time out while its answer is being made
    done(null);
  });
}
