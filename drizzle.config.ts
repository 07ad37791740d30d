import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineConfig } from 'drizzle-kit';
import { readEnvironment } from './src/config/environment.ts';
import { loadConfig } from './src/config/load.ts';

const { DATABASE_URL } = loadConfig({ DATABASE_URL: readEnvironment().DATABASE_URL });
mkdirSync(dirname(DATABASE_URL), { recursive: true });

export default defineConfig({
  dialect: 'sqlite',
  schema: './src/storage/sqlite/schema.ts',
  out: './drizzle/sqlite',
  dbCredentials: { url: DATABASE_URL },
});
