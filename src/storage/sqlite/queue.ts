import { and, asc, count, eq, isNull, lte, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { Run } from '../../schemas/run.ts';
import type { ClaimedRun, EnqueueResult, QueueClaimOptions, QueueClaimResult, QueueRepository } from '../types.ts';
import { read } from './errors.ts';
import type { ProcessIdentity } from './runs.ts';
import { runs, tickets } from './schema.ts';
import type { SharedStatements } from './statements.ts';
import type { WriteBatcher } from './write-batcher.ts';

export function createQueueRepository(
  db: BetterSQLite3Database,
  { runs: runStatements, insertQueuedRun, isBudgetExhausted }: SharedStatements,
  { write }: WriteBatcher,
  { owner, leaseMs }: ProcessIdentity,
): QueueRepository {
  const statements = { ...runStatements, ...prepareQueueStatements(db) };

  function enqueueRun(ticketId: number, force: boolean): EnqueueResult {
    if (!statements.findTicket.get({ ticketId })) return { state: 'ticket_not_found' };
    const result = force ? undefined : statements.findResult.get({ ticketId });
    if (result) return { state: 'stored', result };
    const newest = statements.findNewest.get({ ticketId });
    if (newest?.status === 'queued' || newest?.status === 'running') {
      statements.joinBackground.run({ id: newest.id });
      return { state: 'queued', run: statements.findRun.get({ ticketId, number: newest.number }) as Run };
    }
    const run = insertQueuedRun({ ticketId, number: (newest?.number ?? 0) + 1, backgroundRun: 1, delayMs: 0 });
    statements.markProcessing.run({ ticketId });
    return { state: 'queued', run };
  }

  function claimQueuedRuns({ limit, origin, dailyBudgetUsd }: QueueClaimOptions): QueueClaimResult {
    if (isBudgetExhausted(dailyBudgetUsd)) return { state: 'budget_exhausted' };
    const claimed: ClaimedRun[] = [];
    const now = Date.now();
    while (claimed.length < limit) {
      const due = statements.findDue.get({ now });
      if (!due) break;
      const { ticketId, run: number } = due;
      statements.startQueued.run({ ticketId, number, owner, expiresAt: now + leaseMs, ...origin });
      claimed.push(due);
    }
    return { state: 'claimed', runs: claimed };
  }

  return {
    enqueueRun: (ticketId, { force }) => write(() => enqueueRun(ticketId, force)),

    async claimQueuedRuns(options) {
      // A read costs no commit, and almost always nothing is due.
      const isDue = options.limit > 0 && (await read(() => statements.isAnyDue.get({ now: Date.now() })));
      return isDue ? write(() => claimQueuedRuns(options)) : { state: 'claimed', runs: [] };
    },

    count: () => read(() => statements.count.get()?.count ?? 0),

    oldestAgeMs: () =>
      read(() => {
        const now = Date.now();
        return Math.max(0, now - (statements.findOldest.get()?.startAfter ?? now));
      }),
  };
}

function prepareQueueStatements(db: BetterSQLite3Database) {
  /** The words of the partial index `runs_queued`: SQLite uses it only if they are part of the statement. */
  const isQueued = sql`status = 'queued'`;
  const isDue = and(isQueued, lte(runs.start_after, sql.placeholder('now')));
  return {
    isAnyDue: db.select({ id: runs.id }).from(runs).where(isDue).prepare(),
    /** The oldest one. Without LIMIT: SQLite 3.54 prepares a statement with ORDER BY and LIMIT anew when its values change. */
    findDue: db
      .select({
        ticketId: runs.ticket_id,
        run: runs.number,
        backgroundRun: sql<number>`${runs.background_run}`,
        text: sql<string>`(${db.select({ text: tickets.raw_text }).from(tickets).where(eq(tickets.id, runs.ticket_id))})`,
      })
      .from(runs)
      .where(isDue)
      .orderBy(asc(runs.start_after), asc(runs.id))
      .prepare(),
    joinBackground: db
      .update(runs)
      .set({ background_run: 1 })
      .where(and(eq(runs.id, sql.placeholder('id')), isNull(runs.background_run)))
      .prepare(),
    count: db.select({ count: count() }).from(runs).where(isQueued).prepare(),
    findOldest: db
      .select({ startAfter: runs.start_after })
      .from(runs)
      .where(isQueued)
      .orderBy(asc(runs.start_after))
      .limit(1)
      .prepare(),
  };
}
