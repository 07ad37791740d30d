import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import type { PageQuery } from '../schemas/paging.ts';

/** A change of what a cursor contains changes the version, which makes older cursors invalid. */
const VERSION = 1;

type ListRequest = FastifyRequest<{ Querystring: PageQuery }>;

/**
 * Where the requested page starts: the position of the last entry of the page before. Undefined: at the first entry.
 *
 * @throws AppError `invalid_input` if the cursor is broken or belongs to other parameters
 */
export function readCursor<T>(request: ListRequest, isPosition: (value: unknown) => value is T): T | undefined {
  const { cursor } = request.query;
  if (cursor === undefined) return undefined;
  const after = decodePosition(cursor);
  if (isPosition(after) && cursor === encodeCursor(request, after)) return after;
  throw new AppError('invalid_input', 'invalid input', {
    errors: [{ loc: ['query', 'cursor'], msg: 'is not a next_cursor of this path and these parameters' }],
  });
}

/**
 * Makes a page of one row more than its limit, if there are so many, and sets `Link` to the next page.
 *
 * @param positionOf the position of a row in the list, from which the next page can be found
 */
export function makePage<T>(request: ListRequest, reply: FastifyReply, rows: T[], positionOf: (row: T) => unknown) {
  const data = rows.slice(0, request.query.limit);
  const last = data.at(-1);
  if (last === undefined || data.length === rows.length) return { data, next_cursor: null };
  const next_cursor = encodeCursor(request, positionOf(last));
  const query = new URLSearchParams([...parametersOf(request.query), ['cursor', next_cursor]]);
  reply.header('link', `<${pathOf(request)}?${query}>; rel="next"`); // RFC 8288
  return { data, next_cursor };
}

/** Identifies a list by its path and all parameters that choose or order its entries. */
function listOf(request: ListRequest): string {
  const { limit, ...filters } = request.query;
  const list = [request.routeOptions.url, request.params, parametersOf(filters).sort()];
  return hash('sha256', JSON.stringify(list), 'base64url').slice(0, 12);
}

/** All query parameters but `cursor`; one that is repeated has an entry for each value. */
const parametersOf = ({ cursor, ...parameters }: Record<string, unknown>): [string, string][] =>
  Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, `${one}`]),
  );

const pathOf = ({ url }: FastifyRequest) => url.split(/[?#]/, 1)[0];

function encodeCursor(request: ListRequest, after: unknown): string {
  const content = { v: VERSION, list: listOf(request), after };
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** The position in a cursor, which may be anything that a client has sent. */
function decodePosition(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())?.after;
  } catch {
    return undefined;
  }
}
