import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { AppError } from '../errors.ts';

/** A body with more bytes, or that has not arrived after so many ms, is not looked at. */
const MAX_BYTES = 1024;
const MAX_WAIT_MS = 100;

/**
 * Makes the routes of this instance ignore their body. The body of a POST must not be an object with `force`, which is
 * meant as `?force=true`.
 */
export const ignoreBody = fp(async (app) => {
  app.addHook('onRequest', (request, _reply, done) => {
    delete request.headers['content-type']; // Fastify answers 415 to an invalid one before it calls a parser
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async ({ method }: FastifyRequest, stream: IncomingMessage) => {
    if (method === 'POST' && hasForce(await readSmallBody(stream))) throw forceInBody();
  });
});

/** The body, or nothing if it is large or slow. What arrives later is read and discarded. */
function readSmallBody(stream: IncomingMessage): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  const timer = setTimeout(resolve, MAX_WAIT_MS, '');
  const finish = () => {
    clearTimeout(timer);
    resolve(text.length <= MAX_BYTES ? text : '');
  };
  stream.setEncoding('latin1').on('data', (chunk: string) => {
    if (text.length > MAX_BYTES) return;
    text += chunk;
    if (text.length > MAX_BYTES) finish();
  });
  stream.once('end', finish).once('error', finish);
  return promise;
}

function hasForce(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && Object.hasOwn(value, 'force');
  } catch {
    return false;
  }
}

const forceInBody = () =>
  new AppError('invalid_input', 'invalid input', {
    errors: [{ loc: ['body', 'force'], msg: 'must be the query parameter ?force=true' }],
  });
