import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import { NUMBER, type RunConditions, TICKET_ID } from './run-conditions.ts';
import { RESTORED_STATUS } from './run-heartbeat.ts';
import { createBatchCostParts, queueNextRuns } from './run-series.ts';
import { NOW, results, runs } from './schema.ts';
import { recordUsage } from './usage.ts';

const USAGE = ['attempts', 'input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens', 'cost_usd'];
const FAILURE = ['error_code', 'error_message', 'retry_after_ms', 'openai_request_id'];
/** What a run and its result have in common. A run's tokens are the sums of all its attempts. */
const OUTCOME = ['prompt_version', 'model', 'openai_request_id', 'latency_ms', 'summary', 'category', 'reply_draft'];
const TOKENS = ['input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'];

const names = (columns: string[]) => sql.raw(columns.join(', '));

/** Sets columns to those of the same names in a row of the input. */
const assign = (columns: string[], row: 'run' | 'result') => names(columns.map((name) => `${name} = (${row}).${name}`));

/**
 * The statements that end several runs. They return no row for those whose lease was lost. `ends` is a JSON array whose
 * elements hold a row of `runs`, for `complete` one of `results`, and for `fail` what the next run needs.
 */
export function prepareRunEnds({ pool }: Pick<Connections, 'pool'>, { isOwned, isFencedOff }: RunConditions) {
  const input = pool.$with('input', {}).as(sql`
    select run, result, folded_summary, rounded_latency_ms, next_background_run, next_delay_ms
    from json_to_recordset(${sql.placeholder('ends')}::json) as ends (run runs, result results, folded_summary text,
      rounded_latency_ms bigint, next_background_run bigint, next_delay_ms double precision)`);
  // Every statement locks the tickets before the runs, in the order of their ids, so that two of them cannot deadlock.
  const ticket = pool.$with('ticket', {}).as(sql`
    select id from tickets where id = any(array(select (run).ticket_id from input)) order by id for no key update`);
  /**
   * @param next number in its series of the run that follows, if the ended one is a background run
   * @param startAfter when that run may start; null: `next_delay_ms` from now
   */
  const endRuns = (assignments: SQL, next: SQL, startAfter = sql`null::timestamptz`) =>
    pool.$with('ended', { ticketId: runs.ticket_id }).as(sql`
      update runs set lease_owner = null, lease_expires_at = null, finished_at = ${NOW}, ${assign(USAGE, 'run')},
        batch_id = case when runs.background_run is null or ${next} is null then runs.batch_id end, ${assignments}
      from ticket join input on (run).ticket_id = ticket.id
        join runs as former on former.ticket_id = ticket.id and former.number = (run).number
      where runs.ticket_id = ticket.id and runs.number = (run).number and ${isOwned}
      returning runs.ticket_id, runs.number, runs.started_at, runs.created_at, runs.provider, runs.error_code,
        ${names([...USAGE, 'model', 'prompt_version', 'category'].map((name) => `runs.${name}`))}, result,
        folded_summary, rounded_latency_ms, former.batch_id as former_batch_id,
        ${startAfter} as next_start_after, coalesce(next_delay_ms, 0) as next_delay_ms,
        case when runs.background_run is not null then ${next} end as next_background_run`);
  const recorded = (status: string, latencyMs: SQL) =>
    pool.$with('recorded', {}).as(recordUsage(sql`ended`, { status, latencyMs }));
  const queued = pool.$with('queued', {}).as(queueNextRuns(sql`ended`));
  // A batch counts only the newest run of a ticket, and the cost of all.
  const { batch, charged } = createBatchCostParts(
    pool,
    sql`(select former_batch_id as batch_id, cost_usd from ended where next_background_run is not null)`,
  );
  const restored = pool.$with('restored', {}).as(sql`
    update tickets set status = ${RESTORED_STATUS} from ended
    where tickets.id = ended.ticket_id and next_background_run is null`);
  const done = pool.$with('done', {}).as(sql`
    update tickets set status = 'done', category = ended.category from ended where tickets.id = ended.ticket_id`);
  const summarized = pool.$with('summarized', {}).as(sql`
    update ticket_search set summary = folded_summary from ended where ticket_search.ticket_id = ended.ticket_id`);

  const completed = endRuns(sql`status = 'succeeded', ${assign(OUTCOME, 'result')}`, sql`null::bigint`);
  const failed = endRuns(sql`status = 'failed', ${assign(FAILURE, 'run')}`, sql`next_background_run`);
  // A released run keeps its place in the queue.
  const released = endRuns(sql`status = 'abandoned'`, sql`runs.background_run`, sql`former.start_after`);
  const stored = storeResults(pool);
  return {
    complete: pool
      .with(input, ticket, completed, recorded('succeeded', sql`rounded_latency_ms`), done, summarized, stored)
      .select()
      .from(stored)
      .prepare('complete_runs'),
    fail: pool
      .with(input, ticket, failed, recorded('failed', sql`-1`), queued, batch, charged, restored)
      .select()
      .from(failed)
      .prepare('fail_runs'),
    release: pool
      .with(input, ticket, released, queued, batch, charged, restored)
      .select()
      .from(released)
      .prepare('release_runs'),
    /** For an owner that another process has fenced off: what its run has used counts all the same. */
    addLateUsage: pool
      .update(runs)
      .set({ lease_owner: null, ...usageAssignments() })
      .where(and(eq(runs.ticket_id, TICKET_ID), eq(runs.number, NUMBER), isFencedOff))
      .prepare('add_late_usage'),
  };
}

/** Inserts the results of the ended runs, or overwrites all columns of older ones but the ids. */
function storeResults(db: Connections['pool']) {
  const columns = [...OUTCOME, ...TOKENS];
  return db.$with('stored', getTableColumns(results)).as(sql`
    insert into results (ticket_id, ${names(columns)})
    select ticket_id, ${names(columns.map((name) => `(result).${name}`))} from ended
    on conflict (ticket_id) do update set created_at = excluded.created_at,
      ${names(columns.map((name) => `${name} = excluded.${name}`))}
    returning ${names(Object.keys(getTableColumns(results)))}`);
}

const usageAssignments = () => Object.fromEntries(USAGE.map((name) => [name, sql`${sql.placeholder(name)}`]));
