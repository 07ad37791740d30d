import { LEASE_MS, type Storage, type StorageOptions } from '../types.ts';
import { parseConnectionUrl } from './connection-config.ts';
import { openConnections } from './connections.ts';
import { withStorageErrors } from './errors.ts';
import { createReadinessCheck } from './readiness.ts';
import { createResultRepository } from './results.ts';
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
  return {
    appliedMigrations,
    tickets: withStorageErrors(createTicketRepository(connections, writer)),
    results: withStorageErrors(createResultRepository(connections)),
    runs: withStorageErrors(createRunRepository(connections, writer, leaseMs)),
    usage: withStorageErrors(createUsageRepository(connections)),
    checkReadiness: createReadinessCheck(connections, writer),
    close: connections.close,
  };
}
