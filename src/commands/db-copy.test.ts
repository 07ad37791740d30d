import { describe, expect, it } from 'vitest';
import { runBundledCommand } from '../testing/command.ts';
import { makeClaimOptions, makeNewResult, makeRunUsage } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/folder.ts';
import { SQLITE } from '../testing/storages.ts';

describe('npm run db:copy', () => {
  it('ends with 1 and one line if the copy fails after it has begun, and leaves the target empty', async () => {
    const [source, target] = [await SQLITE.createDatabase(), await SQLITE.createDatabase()];
    const storage = await source.open();
    await storage.tickets.create({ raw_text: 'x', source: 'web' });
    await storage.runs.claimRun(1, makeClaimOptions());
    await storage.runs.completeRun(1, makeNewResult(), makeRunUsage());
    await target.query("CREATE TRIGGER refuse BEFORE INSERT ON results BEGIN SELECT RAISE(ABORT, 'refused'); END");

    const { code, stderr, stdout } = await runBundledCommand('db-copy', temporaryFolder(), [source.url, target.url]);
    expect(stderr).toMatch(/^Copy failed: refused$/m);
    expect(stdout).toBe('');
    expect(code).toBe(1);
    expect(await target.query('SELECT 1 FROM tickets')).toEqual([]);
  });
});
