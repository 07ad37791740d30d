import { describe } from 'vitest';
import { describeBackgroundRuns } from '../testing/storage-contract/background-runs.ts';
import { describeBatches } from '../testing/storage-contract/batches.ts';
import { describeBudget } from '../testing/storage-contract/budget.ts';
import { describeClaims } from '../testing/storage-contract/claims.ts';
import { describeDeletion } from '../testing/storage-contract/deletion.ts';
import { describeIdempotencyKeys } from '../testing/storage-contract/idempotency-keys.ts';
import { describeLeases } from '../testing/storage-contract/leases.ts';
import { describeList } from '../testing/storage-contract/list.ts';
import { describeOutcomes } from '../testing/storage-contract/outcomes.ts';
import { describeQueue } from '../testing/storage-contract/queue.ts';
import { describeRaces } from '../testing/storage-contract/races.ts';
import { describeRecovery } from '../testing/storage-contract/recovery.ts';
import { describeRunHistory } from '../testing/storage-contract/run-history.ts';
import { describeTickets } from '../testing/storage-contract/tickets.ts';
import { describeUsage } from '../testing/storage-contract/usage.ts';
import { STORAGES } from '../testing/storages.ts';

/** What `types.ts` promises, for every storage. */
describe.each(STORAGES)('$name', (storage) => {
  describeTickets(storage);
  describeList(storage);
  describeIdempotencyKeys(storage);
  describeDeletion(storage);
  describeClaims(storage);
  describeLeases(storage);
  describeOutcomes(storage);
  describeRecovery(storage);
  describeRaces(storage);
  describeRunHistory(storage);
  describeQueue(storage);
  describeBackgroundRuns(storage);
  describeBatches(storage);
  describeBudget(storage);
  describeUsage(storage);
});
