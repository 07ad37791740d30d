import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import { type RunConditions, TICKET_ID } from './run-conditions.ts';
import { NOW } from './schema.ts';
import { costOfDay, TODAY } from './usage.ts';

const DAILY_BUDGET = sql`${sql.placeholder('dailyBudgetUsd')}::double precision`;

/**
 * Claims the next run of a ticket in one statement, or returns why it cannot. No row: there is no such ticket. Neither a
 * claim nor a reason: something has changed since the statement began, and it has to be executed again.
 */
export function prepareClaim(db: Connections['pool'], { owner, newLease, isLeased }: RunConditions) {
  const cte = (name: string, statement: SQL) => db.$with(name, {}).as(statement);
  const ticket = cte('ticket', sql`select id, raw_text from tickets where id = ${TICKET_ID} for no key update`);
  const newest = cte(
    'newest',
    sql`
      select number, lease_owner is not null or status = 'running' as has_owner,
        ${isLeased} or (${sql.placeholder('othersMayBeBlocked')}::boolean and status = 'running'
          and lease_owner <> ${owner}) as is_leased
      from runs where ticket_id = ${TICKET_ID} order by number desc limit 1`,
  );
  const decision = cte(
    'decision',
    sql`
      select id, raw_text, number, coalesce(has_owner, false) as has_owner, coalesce(is_leased, false) as is_leased,
        not ${sql.placeholder('force')}::boolean
          and exists (select from results where ticket_id = ticket.id) as has_result,
        case when ${DAILY_BUDGET} is null then false else ${costOfDay(TODAY)} >= ${DAILY_BUDGET} end as is_over_budget
      from ticket left join newest on true`,
  );
  const allowed = cte(
    'allowed',
    sql`
      select * from decision
      where ${sql.placeholder('claim')}::boolean and not (is_leased or has_result or is_over_budget)`,
  );
  // Fences off the owner of the newest run, unless it has ended the run or renewed its lease meanwhile.
  const fenced = cte(
    'fenced',
    sql`
      update runs set status = 'abandoned', finished_at = coalesce(finished_at, ${NOW}), lease_expires_at = null
      from allowed
      where runs.ticket_id = allowed.id and runs.number = allowed.number and allowed.has_owner
        and (lease_owner is not null or status = 'running') and ${isLeased} is not true
      returning runs.id`,
  );
  // A conflict: another process has claimed a run meanwhile.
  const claimed = cte(
    'claimed',
    sql`
      insert into runs (ticket_id, number, status, started_at, lease_owner, lease_expires_at, prompt_version, provider,
        model)
      select id, coalesce(number, 0) + 1, 'running', ${NOW}, ${owner}, ${newLease},
        ${sql.placeholder('prompt_version')}::text, ${sql.placeholder('provider')}::text, ${sql.placeholder('model')}::text
      from allowed where not has_owner or exists (select from fenced)
      on conflict do nothing
      returning ticket_id, number`,
  );
  const marked = cte(
    'marked',
    sql`update tickets set status = 'processing' from claimed where tickets.id = claimed.ticket_id`,
  );
  return db
    .with(ticket, newest, decision, allowed, fenced, claimed, marked)
    .select({
      text: sql<string>`raw_text`,
      newestRun: sql<number>`coalesce(decision.number, 0)`.mapWith(Number),
      hasOwner: sql<boolean>`has_owner`,
      isLeased: sql<boolean>`is_leased`,
      hasResult: sql<boolean>`has_result`,
      isOverBudget: sql<boolean>`is_over_budget`,
      isClaimed: sql<boolean>`claimed.number is not null`,
    })
    .from(sql`decision left join claimed on true`)
    .prepare('claim_run');
}
