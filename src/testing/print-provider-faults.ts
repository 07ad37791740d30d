/** `npm run provider-faults`: prints how the service handles each fault of a provider. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LIMITS } from './provider-fault.ts';
import { PROVIDER_FAULTS } from './provider-faults.ts';
import { runProviderFault } from './run-provider-fault.ts';

const WIDTHS = [60, 11, 7, 8, 22, 13];

const printRow = (cells: unknown[]) =>
  process.stdout.write(`${cells.map((cell, column) => String(cell).padEnd(WIDTHS[column] ?? 0)).join('')}\n`);

process.stdout.write(
  `Each row processes one ticket with a local provider that has the fault. Limits: ${LIMITS.maxAttempts} attempts of ` +
    `${LIMITS.attemptTimeoutMs} ms each, ${LIMITS.timeoutMs} ms per run.\n\n`,
);
printRow(["provider's response", 'API', 'calls', 'status', 'error code', 'Retry-After', 'ms']);
for (const fault of PROVIDER_FAULTS) {
  const folder = mkdtempSync(join(tmpdir(), 'provider-faults-'));
  const { calls, ms, response } = await runProviderFault(fault, folder);
  const { code = '–' } = response.json();
  printRow([
    fault.name,
    fault.api ?? 'responses',
    calls,
    response.statusCode,
    code,
    response.headers['retry-after'] ?? '–',
    ms,
  ]);
  rmSync(folder, { recursive: true });
}
