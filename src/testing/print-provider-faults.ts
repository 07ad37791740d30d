/** Prints what comes of each fault of a provider: `npm run provider-faults`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDER_FAULTS } from './provider-faults.ts';
import { runProviderFault } from './run-provider-fault.ts';

const row = (...cells: unknown[]) => {
  const [name, ...rest] = cells.map(String);
  process.stdout.write(`${name?.padEnd(44)}${rest.map((cell) => cell.padEnd(22)).join('')}\n`);
};

row('the provider …', 'calls', 'status', 'code', 'Retry-After', 'ms');
for (const fault of PROVIDER_FAULTS) {
  const folder = mkdtempSync(join(tmpdir(), 'provider-faults-'));
  const { calls, ms, response } = await runProviderFault(fault, folder);
  const { code = '–' } = response.json();
  row(fault.name, calls.length, response.statusCode, code, response.headers['retry-after'] ?? '–', ms);
  rmSync(folder, { recursive: true });
}
