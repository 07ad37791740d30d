import { getTableColumns, sql } from 'drizzle-orm';
import { tickets } from './schema.ts';

const { category: _, ...columns } = getTableColumns(tickets);

/** The columns of a ticket that clients see. */
export const TICKET_COLUMNS = columns;

export const TICKET_COLUMN_NAMES = sql.raw(Object.keys(columns).join(', '));
