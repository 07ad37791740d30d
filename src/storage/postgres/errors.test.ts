import { DrizzleQueryError } from 'drizzle-orm';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { isServerFailure, toStorageError } from './errors.ts';

const SECRET = 'the text of a customer';

function queryError(code: string, message = 'message') {
  const cause = Object.assign(new pg.DatabaseError(message, 0, 'error'), { code, detail: SECRET, table: 'tickets' });
  return new DrizzleQueryError('insert …', [SECRET], cause);
}

describe('toStorageError', () => {
  it.each(['08006', '25006', '28P01', '3D000', '40P01', '42501', '42P01', '53100', '57P01', '57P03', '58030'])(
    'returns storage_unavailable for %s',
    (code) => {
      expect(toStorageError(queryError(code))).toMatchObject({
        code: 'storage_unavailable',
        details: { causeCode: code, isPermanent: undefined },
      });
    },
  );

  it('returns storage_unavailable for a broken connection', () => {
    const error = new DrizzleQueryError('select …', [], new Error('Connection terminated unexpectedly'));
    expect(toStorageError(error)).toMatchObject({ code: 'storage_unavailable' });
  });

  it('marks damaged files as permanent', () => {
    expect(toStorageError(queryError('XX001'))).toMatchObject({ details: { isPermanent: true } });
  });

  it('describes a bug without the values of the statement', () => {
    const error = toStorageError(queryError('23514', SECRET)) as Error;
    expect(error.message).toBe('PostgreSQL 23514 tickets');
    expect(JSON.stringify([error, error.stack])).not.toContain(SECRET);
    expect(toStorageError(queryError('42703', 'column "x" does not exist'))).toMatchObject({
      message: 'PostgreSQL 42703 tickets column "x" does not exist',
    });
  });

  it('returns errors that do not come from a statement unchanged', () => {
    const error = new Error('bug');
    expect(toStorageError(error)).toBe(error);
  });
});

describe('isServerFailure', () => {
  it.each(['25006', '42501', '53100', '53300'])('is true for %s', (code) => {
    expect(isServerFailure(queryError(code))).toBe(true);
  });

  it.each(['23505', '57P01', '57P03'])('is false for %s', (code) => {
    expect(isServerFailure(queryError(code))).toBe(false);
  });

  it('is false for a broken connection', () => {
    expect(isServerFailure(new DrizzleQueryError('insert …', [], new Error('Connection terminated')))).toBe(false);
  });
});
