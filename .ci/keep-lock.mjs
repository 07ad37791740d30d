// npm drops `gypfile: false` from the lock file whenever it writes it. Without that line npm before 11.13 compiles
// better-sqlite3, which brings its own binaries. npm runs this after each installation.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../package-lock.json', import.meta.url);

const text = readFileSync(FILE, 'utf8');
const lock = JSON.parse(text);
const entry = lock.packages['node_modules/better-sqlite3'];
delete entry.hasInstallScript;
entry.gypfile = false;
const corrected = `${JSON.stringify(lock, undefined, 2)}\n`;
if (corrected !== text) writeFileSync(FILE, corrected);
