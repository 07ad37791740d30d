import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTest, type CleanUp } from './clean-up.ts';

/** Creates an empty folder and removes it, after the test by default. */
export function temporaryFolder(cleanUp: CleanUp = afterTest): string {
  const folder = mkdtempSync(join(tmpdir(), 'ticket-service-'));
  cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
