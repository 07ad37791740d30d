import pg from 'pg';
import { type Migration, migrationsFolder, readMigrations } from '../migrations.ts';

/** Any number that no other program uses on the database. */
const LOCK_KEY = 7_240_415_116;

/**
 * Applies the migrations that a database lacks, all in one transaction. Records them where `drizzle-kit migrate` does.
 *
 * drizzle-orm's own migrator is not used, because it takes no lock: of several servers that start together, all but one
 * would fail. The lock ends with the transaction, so it works behind PgBouncer, too.
 *
 * @returns the names of the applied migrations
 * @throws Error that names the migration which failed; the database is unchanged.
 */
export async function migrate(client: pg.Client, folder = migrationsFolder('postgres')): Promise<string[]> {
  const migrations = readMigrations(folder);
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK_KEY]);
    const last = await latestApplied(client);
    const missing = migrations.filter(({ createdAt }) => createdAt > last);
    for (const migration of missing) await apply(client, migration);
    await client.query('commit');
    return missing.map(({ name }) => name);
  } catch (error) {
    await client.query('rollback').catch(() => {}); // the connection may be broken
    throw error;
  }
}

/** The creation time of the newest applied migration; -1 if there is none. */
async function latestApplied(client: pg.Client): Promise<number> {
  const table = await client.query("select to_regclass('drizzle.__drizzle_migrations') is not null as exists");
  // A role that may not create anything can use a database that has been migrated.
  if (!table.rows[0].exists) {
    await client.query('create schema if not exists drizzle');
    await client.query(
      'create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
    );
  }
  const newest = await client.query('select max(created_at) as time from drizzle.__drizzle_migrations');
  return Number(newest.rows[0].time ?? -1);
}

async function apply(client: pg.Client, { name, hash, createdAt, statements }: Migration): Promise<void> {
  try {
    for (const statement of statements) await client.query(statement);
    const record = 'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)';
    await client.query(record, [hash, createdAt]);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw new Error(`migration ${name} failed, the database is unchanged: ${error.message}`);
  }
}
