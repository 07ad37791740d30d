import { eq, sql } from 'drizzle-orm';
import type { ResultRepository } from '../types.ts';
import type { Connections } from './connections.ts';
import { results } from './schema.ts';

export function createResultRepository({ reads }: Pick<Connections, 'reads'>): ResultRepository {
  const find = reads
    .select()
    .from(results)
    .where(eq(results.ticket_id, sql.placeholder('ticketId')))
    .prepare('find_result');
  return {
    async findByTicketId(ticketId) {
      const [result] = await find.execute({ ticketId });
      return result;
    },
  };
}
