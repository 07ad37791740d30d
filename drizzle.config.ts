import { defineConfig } from 'drizzle-kit';
import { loadConfig, readEnvironment } from './src/config.ts';
import { databasePath } from './src/db/path.ts';

export default defineConfig({
  dialect: 'sqlite',
  schema: './src/db/schema.ts',
  out: './drizzle',
  dbCredentials: { url: databasePath(loadConfig(readEnvironment()).DATABASE_URL) as string },
});
