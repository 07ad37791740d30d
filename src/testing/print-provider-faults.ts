/** `npm run provider-faults`: prints how the service handles each fault of a provider. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LIMITS } from './provider-fault.ts';
import { PROVIDER_FAULTS } from './provider-faults.ts';
import { openFaultyService } from './run-provider-fault.ts';

const WIDTHS = [60, 11, 7, 8, 22, 13];

const printRow = (cells: unknown[]) =>
  process.stdout.write(`${cells.map((cell, column) => String(cell).padEnd(WIDTHS[column] ?? 0)).join('')}\n`);

process.stdout.write(
  `Each row processes one ticket with a local provider that has the fault. Limits: ${LIMITS.maxAttempts} attempts of ` +
    `${LIMITS.attemptTimeoutMs} ms each, ${LIMITS.timeoutMs} ms per run.\n\n`,
);
printRow(["provider's response", 'API', 'calls', 'status', 'error code', 'Retry-After', 'ms']);
const folder = mkdtempSync(join(tmpdir(), 'provider-faults-'));
mkdirSync(join(folder, 'chat'));
const services = {
  responses: await openFaultyService(folder, 'responses'),
  chat: await openFaultyService(join(folder, 'chat'), 'chat'),
};
for (const fault of PROVIDER_FAULTS) {
  const { calls, ms, response } = await services[fault.api ?? 'responses'].run(fault);
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
}
for (const { close } of Object.values(services)) await close();
rmSync(folder, { recursive: true });
