import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineConfig } from 'drizzle-kit';
import { readEnvironment } from './src/config/environment.ts';
import { loadConfig } from './src/config/load.ts';
import { parseConnectionUrl } from './src/storage/postgres/connection-config.ts';

const { DATABASE_URL } = loadConfig({ DATABASE_URL: readEnvironment().DATABASE_URL });

export default /^postgres(?:ql)?:/.test(DATABASE_URL) ? postgres() : sqlite();

function postgres() {
  // drizzle-kit's own parser would take `sslmode=require` for `verify-full`.
  const { host = 'localhost', port, user, password, database, ssl } = parseConnectionUrl(DATABASE_URL);
  return defineConfig({
    dialect: 'postgresql',
    schema: './src/storage/postgres/schema.ts',
    out: './drizzle/postgres',
    dbCredentials: { host, port, user, password, database, ssl },
  });
}

function sqlite() {
  mkdirSync(dirname(DATABASE_URL), { recursive: true });
  return defineConfig({
    dialect: 'sqlite',
    schema: './src/storage/sqlite/schema.ts',
    out: './drizzle/sqlite',
    dbCredentials: { url: DATABASE_URL },
  });
}
