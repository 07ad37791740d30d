import { randomUUID } from 'node:crypto';
import { LEASE_MS, type Storage, type StorageOptions } from '../types.ts';
import { createAvailability } from './availability.ts';
import { createBatchRepository } from './batches.ts';
import { parseConnectionUrl } from './connection-config.ts';
import { openConnections } from './connections.ts';
import { createQueueRepository } from './queue.ts';
import { createReadinessCheck } from './readiness.ts';
import { createResultRepository } from './results.ts';
import { createRunConditions } from './run-conditions.ts';
import { createRunRepository } from './runs.ts';
import { prepareDatabase } from './startup.ts';
import { createTicketRepository } from './tickets.ts';
import { createUsageRepository } from './usage.ts';
import { createWriter } from './writer.ts';

/**
 * Connects to a PostgreSQL database and applies the migrations that it lacks.
 *
 * @throws StartupError if the database cannot be used or a migration fails.
 */
export async function openPostgres(databaseUrl: string, options: StorageOptions = {}): Promise<Storage> {
  const { leaseMs = LEASE_MS } = options;
  const config = parseConnectionUrl(databaseUrl);
  const appliedMigrations = await prepareDatabase(config);
  const connections = openConnections(config, options);
  const writer = createWriter(options);
  const availability = createAvailability();
  const { track } = availability;
  /** The id distinguishes this process from all others on the database. */
  const conditions = createRunConditions(randomUUID(), leaseMs);
  return {
    appliedMigrations,
    tickets: track(createTicketRepository(connections, writer)),
    results: track(createResultRepository(connections)),
    runs: track(createRunRepository(connections, { writer, availability, conditions, leaseMs })),
    queuedRuns: track(createQueueRepository(connections, { writer, conditions })),
    batches: track(createBatchRepository(connections, writer)),
    usage: track(createUsageRepository(connections)),
    checkReadiness: createReadinessCheck(connections, writer),
    close: connections.close,
  };
}
