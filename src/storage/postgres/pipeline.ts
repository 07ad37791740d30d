import pg from 'pg';
import { prepareSession } from './session.ts';

const MIN_BACKOFF_MS = 100;
/** Shorter than a quarter of a lease, so that servers that come back renew their leases before others claim their runs. */
const MAX_BACKOFF_MS = 1000;
/** For the server's goodbye. */
const CLOSE_TIMEOUT_MS = 1000;

/** SQLSTATE of a write on a standby. */
const READ_ONLY = '25006';

/** One connection that concurrent statements share: each is sent at once, without waiting for the results of others. */
export interface Pipeline {
  query(config: pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult>;
  close(): Promise<void>;
}

async function open(client: pg.Client): Promise<pg.Client> {
  await client.connect();
  await prepareSession(client);
  return client;
}

/**
 * A statement opens the connection if there is none. If that fails, statements fail at once until the backoff is over.
 *
 * A statement whose connection breaks is rejected: it may have been committed or not.
 */
export function createPipeline(config: pg.ClientConfig): Pipeline {
  let connection: Promise<pg.Client> | undefined;
  let failures = 0;
  let isClosed = false;

  function connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...config, pipeline: true });
    client.on('error', () => {}); // the statements under way are rejected by themselves
    const connecting = open(client);
    const discard = () => {
      if (connection === connecting) connection = undefined;
    };
    connecting.then(
      () => {
        failures = 0;
        client.once('error', discard).once('end', discard);
      },
      () => {
        setTimeout(discard, Math.min(MIN_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS)).unref();
        failures += 1;
        client.end();
      },
    );
    return connecting;
  }

  return {
    async query(query, values) {
      if (isClosed) throw new Error('the connection was closed');
      connection ??= connect();
      const current = connection;
      const client = await current;
      const { stream } = client.connection;
      stream.cork(); // what one event-loop tick sends goes in one system call
      setImmediate(() => stream.uncork());
      try {
        return await client.query(query, values);
      } catch (error) {
        // After a failover, the host's name may lead to the new primary.
        if ((error as pg.DatabaseError).code === READ_ONLY && connection === current) {
          connection = undefined;
          client.end();
        }
        throw error;
      }
    },

    async close() {
      isClosed = true;
      const client = await connection?.catch(() => undefined);
      if (!client) return;
      const timer = setTimeout(() => client.connection.stream.destroy(), CLOSE_TIMEOUT_MS);
      await client.end();
      clearTimeout(timer);
    },
  };
}
