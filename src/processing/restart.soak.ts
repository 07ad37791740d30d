import { describe, it } from 'vitest';
import { HAS_POSTGRES } from '../testing/postgres.ts';
import { restartUnderLoad } from '../testing/restart-under-load.ts';

describe.skipIf(!HAS_POSTGRES)('three servers on PostgreSQL', () => {
  it('lose no acknowledged ticket in 20 crashes of the database under load, and reconnect within 5 s', () =>
    restartUnderLoad({ restarts: 20, clients: 8 }));
});
