/** Prints what comes of each misbehaviour of a provider: `npm run misbehaviours`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { misbehave } from './misbehave.ts';
import { MISBEHAVIOURS } from './misbehaviours.ts';

const row = (...cells: unknown[]) => {
  const [name, ...rest] = cells.map(String);
  process.stdout.write(`${name?.padEnd(44)}${rest.map((cell) => cell.padEnd(22)).join('')}\n`);
};

row('the provider …', 'calls', 'status', 'code', 'Retry-After', 'ms');
for (const misbehaviour of MISBEHAVIOURS) {
  const folder = mkdtempSync(join(tmpdir(), 'misbehaviours-'));
  const { calls, ms, response } = await misbehave(misbehaviour, folder);
  const { code = '–' } = response.json();
  row(misbehaviour.name, calls.length, response.statusCode, code, response.headers['retry-after'] ?? '–', ms);
  rmSync(folder, { recursive: true });
}
