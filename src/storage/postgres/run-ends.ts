import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { Connections } from './connections.ts';
import { NUMBER, type RunConditions, TICKET_ID } from './run-conditions.ts';
import { RESTORED_STATUS } from './run-heartbeat.ts';
import { NOW, results, runs } from './schema.ts';
import { recordUsage } from './usage.ts';

const USAGE = ['attempts', 'input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens', 'cost_usd'];
const FAILURE = ['error_code', 'error_message', 'retry_after_ms', 'openai_request_id'];
/** What a run and its result have in common. A run's tokens are the sums of all its attempts. */
const OUTCOME = ['prompt_version', 'model', 'openai_request_id', 'latency_ms', 'summary', 'category', 'reply_draft'];
const TOKENS = ['input_tokens', 'output_tokens', 'total_tokens', 'cached_tokens'];

const names = (columns: string[]) => sql.raw(columns.join(', '));

/** Sets columns to the placeholders of the same names. */
const assign = (columns: string[]) =>
  sql.join(
    columns.map((name) => sql`${sql.raw(name)} = ${sql.placeholder(name)}`),
    sql`, `,
  );

/** The statements that end a run. They return no row if the lease was lost. */
export function prepareRunEnds(db: Connections['pool'], { isOwned, isFencedOff }: RunConditions) {
  // Every statement locks the ticket before the run, so that two of them cannot deadlock.
  const ticket = db.$with('ticket', {}).as(sql`select id from tickets where id = ${TICKET_ID} for no key update`);
  const endRun = (assignments: SQL) =>
    db.$with('ended', { ticketId: runs.ticket_id }).as(sql`
      update runs set lease_owner = null, lease_expires_at = null, finished_at = ${NOW}, ${assign(USAGE)}, ${assignments}
      from ticket where runs.ticket_id = ticket.id and runs.number = ${NUMBER} and ${isOwned}
      returning runs.ticket_id, status, started_at, created_at, provider, error_code,
        ${names([...USAGE, ...OUTCOME])}`);
  const recorded = (status: string, latencyMs: SQL) =>
    db.$with('recorded', {}).as(recordUsage(sql`ended`, { status, latencyMs }));
  const markTicket = (status: SQL) =>
    db.$with('marked', {}).as(sql`update tickets set status = ${status} from ended where tickets.id = ended.ticket_id`);

  const completed = endRun(sql`status = 'succeeded', ${assign(OUTCOME)}`);
  const failed = endRun(sql`status = 'failed', ${assign(FAILURE)}`);
  const released = endRun(sql`status = 'abandoned'`);
  const stored = storeResult(db);
  const summarized = db.$with('summarized', {}).as(sql`
    update ticket_search set summary = ${sql.placeholder('foldedSummary')} from ended
    where ticket_search.ticket_id = ended.ticket_id`);
  return {
    complete: db
      .with(
        ticket,
        completed,
        recorded('succeeded', sql`${sql.placeholder('roundedLatencyMs')}::bigint`),
        markTicket(sql`'done', category = ended.category`),
        summarized,
        stored,
      )
      .select()
      .from(stored)
      .prepare('complete_run'),
    fail: db
      .with(ticket, failed, recorded('failed', sql`-1`), markTicket(RESTORED_STATUS))
      .select()
      .from(failed)
      .prepare('fail_run'),
    release: db.with(ticket, released, markTicket(RESTORED_STATUS)).select().from(released).prepare('release_run'),
    /** For an owner that another process has fenced off: what its run has used counts all the same. */
    addLateUsage: db
      .update(runs)
      .set({ lease_owner: null, ...usageAssignments() })
      .where(and(eq(runs.ticket_id, TICKET_ID), eq(runs.number, NUMBER), isFencedOff))
      .prepare('add_late_usage'),
  };
}

/** Inserts the result of the ended run, or overwrites all columns of the older one but the ids. */
function storeResult(db: Connections['pool']) {
  const columns = [...OUTCOME, ...TOKENS];
  const tokens = TOKENS.map((name) => sql`${sql.placeholder(`result_${name}`)}::bigint`);
  return db.$with('stored', getTableColumns(results)).as(sql`
    insert into results (ticket_id, ${names(columns)})
    select ticket_id, ${names(OUTCOME)}, ${sql.join(tokens, sql`, `)} from ended
    on conflict (ticket_id) do update set created_at = excluded.created_at,
      ${names(columns.map((name) => `${name} = excluded.${name}`))}
    returning ${names(Object.keys(getTableColumns(results)))}`);
}

const usageAssignments = () => Object.fromEntries(USAGE.map((name) => [name, sql`${sql.placeholder(name)}`]));
