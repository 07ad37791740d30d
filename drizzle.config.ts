import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineConfig } from 'drizzle-kit';
import { loadConfig, readEnvironment } from './src/config.ts';

const { DATABASE_URL } = readEnvironment();
const { databasePath } = loadConfig({ DATABASE_URL });
mkdirSync(dirname(databasePath), { recursive: true });

export default defineConfig({
  dialect: 'sqlite',
  schema: './src/db/schema.ts',
  out: './drizzle',
  dbCredentials: { url: databasePath },
});
