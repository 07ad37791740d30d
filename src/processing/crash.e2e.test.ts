import { describe, it } from 'vitest';
import { killUnderLoad } from '../testing/kill-under-load.ts';
import { HAS_POSTGRES } from '../testing/postgres.ts';
import { restartUnderLoad } from '../testing/restart-under-load.ts';
import { STORAGES } from '../testing/storages.ts';

// The long forms of these tests are kill.soak.ts and restart.soak.ts.

/** The tests mostly wait for leases to expire, so all storages are tested at the same time. */
const TIMEOUT_MS = 120_000;

describe('servers on one database', () => {
  it(
    'lose no acknowledged ticket when they are killed under load, and leave every status true',
    async () => {
      await Promise.all(STORAGES.map((storage) => killUnderLoad(storage, { servers: 2, kills: 2, clients: 2 })));
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!HAS_POSTGRES)('servers on PostgreSQL', () => {
  it('lose no acknowledged ticket when the database crashes under load, and reconnect', () =>
    restartUnderLoad({ restarts: 2, clients: 2 }));
});
