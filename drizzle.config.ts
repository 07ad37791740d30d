import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineConfig } from 'drizzle-kit';
import { readEnvironment } from './src/config/environment.ts';
import { loadConfig } from './src/config/load.ts';

const { DATABASE_URL } = loadConfig({ DATABASE_URL: readEnvironment().DATABASE_URL });
const dialect = /^postgres(?:ql)?:/.test(DATABASE_URL) ? 'postgresql' : 'sqlite';
if (dialect === 'sqlite') mkdirSync(dirname(DATABASE_URL), { recursive: true });
const folder = dialect === 'sqlite' ? 'sqlite' : 'postgres';

export default defineConfig({
  dialect,
  schema: `./src/storage/${folder}/schema.ts`,
  out: `./drizzle/${folder}`,
  dbCredentials: { url: DATABASE_URL },
});
