import { createBatcher } from './batcher.ts';
import type { Writer } from './writer.ts';

/** Most runs that one statement changes. */
const MAX_BATCH_SIZE = 100;

/** Makes the batches larger under load: a statement has a fixed cost, and a run takes seconds. */
const PAUSE_MS = 5;

/**
 * Gathers calls that change runs of different tickets.
 *
 * @param execute returns a row for each ticket, in any order; a call whose ticket has none gets undefined.
 */
export function createRunBatcher<Input extends { ticket_id: number }, Row extends { ticketId: number }>(
  { write }: Pick<Writer, 'write'>,
  execute: (inputs: Input[]) => Promise<Row[]>,
): (input: Input) => Promise<Row | undefined> {
  return createBatcher(
    async (batch) => {
      const rows = await write(() => execute(batch), batch.length);
      const byTicket = new Map(rows.map((row) => [row.ticketId, row]));
      return batch.map(({ ticket_id }) => byTicket.get(ticket_id));
    },
    { maxSize: MAX_BATCH_SIZE, keyOf: ({ ticket_id }) => ticket_id, pauseMs: PAUSE_MS },
  );
}
