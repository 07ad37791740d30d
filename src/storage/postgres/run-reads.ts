import { and, desc, eq, getTableColumns, lt, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Connections } from './connections.ts';
import { RUN_COLUMNS } from './run-columns.ts';
import { NUMBER, type RunConditions, TICKET_ID } from './run-conditions.ts';
import { results, runs, tickets } from './schema.ts';
import { costOfDay, TODAY } from './usage.ts';

/** The statements that read runs and their results. */
export function prepareRunReads(db: Connections['reads'], { isLeased }: RunConditions) {
  const isRunOfTicket = eq(runs.ticket_id, TICKET_ID);
  const isResultOfTicket = eq(results.ticket_id, TICKET_ID);
  return {
    findTicket: db.select({ id: tickets.id }).from(tickets).where(eq(tickets.id, TICKET_ID)).prepare('find_ticket_id'),
    findResult: db.select().from(results).where(isResultOfTicket).prepare('find_result_of_ticket'),
    findCachedResult: db
      .select()
      .from(results)
      .where(
        and(
          isResultOfTicket,
          sql`not exists (
          select from runs where ${isRunOfTicket} and status in ('queued', 'running'))`,
        ),
      )
      .prepare('find_cached_result'),
    findRun: db
      .select(RUN_COLUMNS)
      .from(runs)
      .where(and(isRunOfTicket, eq(runs.number, NUMBER)))
      .prepare('find_run'),
    list: db
      .select(RUN_COLUMNS)
      .from(runs)
      .where(and(isRunOfTicket, lt(runs.number, sql`${sql.placeholder('before')}::bigint`)))
      .orderBy(desc(runs.number))
      .limit(sql.placeholder('limit'))
      .prepare('list_runs'),
    findStates: prepareFindStates(db, isLeased),
    isBudgetExhausted: db
      .select({
        isExhausted: sql<boolean>`(${costOfDay(TODAY)}) >= ${sql.placeholder('dailyBudgetUsd')}::double precision`,
      })
      .from(sql`(select) as one_row`)
      .prepare('is_budget_exhausted'),
  };
}

/**
 * The state of several runs: a row for each element of `ticketIds` and `numbers`, in their order, with this run and the
 * ticket's newest one. It has a result if this run or a later one has succeeded.
 */
function prepareFindStates(db: Connections['reads'], isLeased: RunConditions['isLeased']) {
  const newest = db
    .select({
      number: runs.number,
      status: runs.status,
      isLeased: sql<boolean>`${isLeased}`.as('is_leased'),
    })
    .from(runs)
    .where(sql`${runs.ticket_id} = input.ticket_id`)
    .orderBy(desc(runs.number))
    .limit(1)
    .as('newest');
  const awaited = alias(runs, 'awaited');
  const hasSucceeded = sql`exists (
    select from runs where runs.ticket_id = input.ticket_id and runs.number >= input.number and status = 'succeeded')`;
  return db
    .select({
      newest: { number: newest.number, status: newest.status, isLeased: newest.isLeased },
      awaited: {
        number: awaited.number,
        status: awaited.status,
        error_code: awaited.error_code,
        error_message: awaited.error_message,
        openai_request_id: awaited.openai_request_id,
        retry_after_ms: awaited.retry_after_ms,
      },
      result: getTableColumns(results),
    })
    .from(
      sql`unnest(${sql.placeholder('ticketIds')}::bigint[], ${sql.placeholder('numbers')}::bigint[])
        with ordinality as input (ticket_id, number, position)`,
    )
    .leftJoinLateral(newest, sql`true`)
    .leftJoin(awaited, sql`${awaited.ticket_id} = input.ticket_id and ${awaited.number} = input.number`)
    .leftJoin(results, sql`${results.ticket_id} = input.ticket_id and ${hasSucceeded}`)
    .orderBy(sql`input.position`)
    .prepare('find_run_states');
}
