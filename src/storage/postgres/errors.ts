import { DrizzleQueryError } from 'drizzle-orm';
import pg from 'pg';
import { AppError } from '../../errors.ts';

/**
 * Errors of a server that does not work as it should, or that a role may not use any more:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 * - classes 08, 28, 40, 53, 57, 58, XX: connection, authorization, rollback, resources, operator, system, internal
 * - 25006: the server has become a standby; 3D000, 42P01: the database or a table is gone; 42501: a right is missing
 * - 25P04, 55P03: a time limit of the role, for transactions or locks
 * - 26000, 42P05: a PgBouncer that does not know prepared statements
 */
const STORAGE_CODES = /^(?:(?:08|28|40|53|57|58|XX)...|25006|25P04|3D000|42501|42P01|26000|42P05|55P03)$/;

/** Retrying does not repair damaged files. */
const DAMAGE_CODES = /^XX00[12]$/;

/**
 * Returns AppError `storage_unavailable` if the server or the network is to blame. Another error of a query is a bug: it
 * is reduced to facts about the schema, because PostgreSQL's `detail` and drizzle's message quote values.
 */
export function toStorageError(error: unknown): unknown {
  if (!(error instanceof DrizzleQueryError)) return error;
  const { cause } = error;
  if (!(cause instanceof pg.DatabaseError)) return storageUnavailable(cause);
  const { code = '', message, table, constraint } = cause;
  if (STORAGE_CODES.test(code)) return storageUnavailable(cause);
  const isAboutSchema = code.startsWith('42');
  return new Error(['PostgreSQL', code, table, constraint, isAboutSchema && message].filter(Boolean).join(' '));
}

/**
 * Whether a server that can be reached failed to execute a statement: it refused it, or did not answer in time, for
 * example because a commit waits for a synchronous standby. Class 57: it stops or starts.
 */
export function isServerFailure(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : undefined;
  if (cause?.message === 'Query read timeout') return true; // the driver gives it no code
  return cause instanceof pg.DatabaseError && STORAGE_CODES.test(cause.code ?? '') && !cause.code?.startsWith('57');
}

/** Whether another row has the same values in the columns of this unique constraint. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : undefined;
  return cause instanceof pg.DatabaseError && cause.code === '23505' && cause.constraint === constraint;
}

/** The driver's errors for a broken connection often have no code. */
function storageUnavailable(cause: NodeJS.ErrnoException | undefined): AppError {
  const { code, message } = cause ?? {};
  return new AppError('storage_unavailable', 'the database cannot be used now', {
    cause,
    details: { cause: message, causeCode: code, isPermanent: DAMAGE_CODES.test(code ?? '') || undefined },
  });
}
