import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pLimit from 'p-limit';
import pg from 'pg';
import type { StorageOptions } from '../types.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { prepareSession } from './session.ts';

const DEFAULT_POOL_SIZE = 10;

/**
 * Statements after which a pool's connection is replaced. It keeps the plans of prepared statements, which scan tables
 * that were small when they were made, until PostgreSQL analyzes the tables.
 */
const MAX_USES = 300;

/** Limit of a statement that may read many rows. The driver's types do not have it. */
const slowOptions = { query_timeout: 60_000 };

/**
 * Every statement is a transaction of its own, so no transaction waits for this process while it holds locks.
 *
 * - `reads` and `writes` are one pipelined connection each, for statements that take milliseconds and wait for no lock. A
 *   read does not wait for a commit.
 * - `heartbeats` is another one: leases are renewed although the pool is busy, and nothing waits behind their locks.
 * - `pool` is for other writes, whose commits PostgreSQL flushes together, and for lists.
 * - `slow` is half of this pool, for statements that may read many rows.
 */
export interface Connections {
  reads: NodePgDatabase;
  writes: NodePgDatabase;
  heartbeats: NodePgDatabase;
  pool: NodePgDatabase;
  slow: NodePgDatabase;
  close(): Promise<void>;
}

export function openConnections(
  config: pg.ClientConfig,
  {
    poolSize = DEFAULT_POOL_SIZE,
    usePreparedStatements = true,
  }: Pick<StorageOptions, 'poolSize' | 'usePreparedStatements'>,
): Connections {
  /** A statement without a name is not kept by the server. */
  const toDatabase = (query: Pipeline['query']) => {
    const queryUnnamed: typeof query = ({ name: _, ...config }, values) => query(config, values);
    return drizzle({ query: usePreparedStatements ? query : queryUnnamed } as pg.Client);
  };

  const reads = createPipeline(config);
  const writes = createPipeline(config);
  const heartbeats = createPipeline(config);
  const pool = new pg.Pool({ ...config, max: poolSize, maxUses: MAX_USES, onConnect: prepareSession });
  const limitSlow = pLimit(Math.ceil(poolSize / 2));
  let closing: Promise<unknown> | undefined;
  pool.on('error', () => {}); // an idle connection has broken; the pool has removed it
  return {
    reads: toDatabase(reads.query),
    writes: toDatabase(writes.query),
    heartbeats: toDatabase(heartbeats.query),
    pool: toDatabase((query, values) => pool.query(query, values)),
    slow: toDatabase((query, values) => limitSlow(() => pool.query({ ...query, ...slowOptions }, values))),
    async close() {
      closing ??= Promise.all([reads.close(), writes.close(), heartbeats.close(), pool.end()]);
      await closing;
    },
  };
}
