import { type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import type { RunConditions } from './run-conditions.ts';
import { NOW } from './schema.ts';
import { costOfDay, TODAY } from './usage.ts';

/** An element of the statement's `claims`. */
export interface ClaimInput {
  ticket_id: number;
  force: boolean;
  claim: boolean;
  daily_budget_usd: number | null;
  prompt_version: string | null;
  provider: string | null;
  model: string | null;
}

/**
 * Claims the queued or next runs of several tickets in one statement, or returns for each why it cannot. No row: there is
 * no such ticket. Neither a claim nor a reason: something has changed since the statement began, and the claim has to be
 * repeated.
 */
export function prepareClaim(db: Connections['pool'], { owner, newLease, isLeased }: RunConditions) {
  const cte = (name: string, statement: SQL) => db.$with(name, {}).as(statement);
  const input = cte(
    'input',
    sql`
      select ticket_id, force, claim, daily_budget_usd, prompt_version, provider, model
      from json_to_recordset(${sql.placeholder('claims')}::json) as claims (ticket_id bigint, force boolean, claim boolean,
        daily_budget_usd double precision, prompt_version text, provider text, model text)`,
  );
  // In the order of the ids, so that two statements cannot deadlock.
  const ticket = cte(
    'ticket',
    sql`
      select id, raw_text from tickets where id = any(array(select ticket_id from input)) order by id for no key update`,
  );
  const decision = cte(
    'decision',
    sql`
      select input.*, raw_text, number, batch_id, coalesce(has_owner, false) as has_owner,
        coalesce(is_queued, false) as is_queued, coalesce(is_leased, false) as is_leased,
        not force and is_queued is not true
          and exists (select from results where results.ticket_id = ticket.id) as has_result,
        case when daily_budget_usd is null then false else ${costOfDay(TODAY)} >= daily_budget_usd end as is_over_budget
      from ticket join input on input.ticket_id = ticket.id left join lateral (
        select number, batch_id, lease_owner is not null or status = 'running' as has_owner,
          status = 'queued' as is_queued,
          ${isLeased} or (${sql.placeholder('othersMayBeBlocked')}::boolean and status = 'running'
            and lease_owner <> ${owner}) as is_leased
        from runs where runs.ticket_id = ticket.id order by number desc limit 1) as newest on true`,
  );
  const allowed = cte(
    'allowed',
    sql`select * from decision where claim and not (is_leased or has_result or is_over_budget)`,
  );
  // The run keeps its number: it had no owner, so no write with this number can be late.
  const started = cte(
    'started',
    sql`
      update runs set status = 'running', started_at = ${NOW}, lease_owner = ${owner}, lease_expires_at = ${newLease},
        prompt_version = allowed.prompt_version, provider = allowed.provider, model = allowed.model
      from allowed
      where is_queued and runs.ticket_id = allowed.ticket_id and runs.number = allowed.number and runs.status = 'queued'
      returning runs.ticket_id, runs.number, runs.background_run`,
  );
  // Fences off the owner of the newest run, unless it has ended the run or renewed its lease meanwhile.
  const fenced = cte(
    'fenced',
    sql`
      update runs set status = 'abandoned', finished_at = coalesce(finished_at, ${NOW}), lease_expires_at = null,
        batch_id = null
      from allowed
      where runs.ticket_id = allowed.ticket_id and runs.number = allowed.number and allowed.has_owner
        and (lease_owner is not null or status = 'running') and ${isLeased} is not true
      returning runs.ticket_id, runs.background_run, allowed.batch_id`,
  );
  // Takes the place of the fenced run in its series and batch. A conflict: another process was faster.
  const inserted = cte(
    'inserted',
    sql`
      insert into runs (ticket_id, number, status, started_at, lease_owner, lease_expires_at, prompt_version, provider,
        model, background_run, batch_id)
      select allowed.ticket_id, coalesce(number, 0) + 1, 'running', ${NOW}, ${owner}, ${newLease}, prompt_version,
        provider, model, background_run, fenced.batch_id
      from allowed left join fenced on fenced.ticket_id = allowed.ticket_id
      where not is_queued and (not has_owner or fenced.ticket_id is not null)
      on conflict do nothing
      returning ticket_id, number, background_run`,
  );
  const claimed = cte('claimed', sql`select * from started union all select * from inserted`);
  const marked = cte(
    'marked',
    sql`update tickets set status = 'processing' from claimed where tickets.id = claimed.ticket_id`,
  );
  return db
    .with(input, ticket, decision, allowed, started, fenced, inserted, claimed, marked)
    .select({
      ticketId: sql<number>`decision.ticket_id`.mapWith(Number),
      text: sql<string>`raw_text`,
      newestRun: sql<number>`coalesce(decision.number, 0)`.mapWith(Number),
      hasOwner: sql<boolean>`has_owner`,
      isLeased: sql<boolean>`is_leased`,
      hasResult: sql<boolean>`has_result`,
      isOverBudget: sql<boolean>`is_over_budget`,
      claimedRun: sql<number | null>`claimed.number::float8`,
      backgroundRun: sql<number | null>`claimed.background_run::float8`,
    })
    .from(sql`decision left join claimed on claimed.ticket_id = decision.ticket_id`)
    .prepare('claim_runs');
}
