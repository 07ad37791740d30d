import type { BaseLogger } from 'pino';
import type { ResultRepository } from '../db/results.ts';
import type { TicketRepository } from '../db/tickets.ts';
import { AppError } from '../errors.ts';
import type { Model } from '../llm/model.ts';
import type { Prompt } from '../llm/prompts.ts';
import type { Result } from '../schemas/result.ts';

export interface ProcessorOptions {
  tickets: TicketRepository;
  results: ResultRepository;
  model: Model;
  prompt: Prompt;
  log: Pick<BaseLogger, 'error'>;
}

export interface Processor {
  /**
   * The ticket's result: the stored one, or a new one where there is none or `force` asks for one. Requests that come
   * while a run is under way share it.
   *
   * @throws AppError `ticket_not_found`, or one of the `llm_…` codes; an older result is untouched then.
   */
  process(ticketId: number, options: { force: boolean }): Promise<Result>;
}

export function createProcessor({ tickets, results, model, prompt, log }: ProcessorOptions): Processor {
  const running = new Map<number, Promise<Result>>();

  async function run(ticketId: number): Promise<Result> {
    const ticket = await tickets.startProcessing(ticketId);
    if (!ticket) throw new AppError('ticket_not_found', 'ticket not found');
    try {
      const answer = await model.answer({ instructions: prompt.system, text: ticket.raw_text });
      return await results.save({ ...answer, ticket_id: ticketId, prompt_version: prompt.version });
    } catch (error) {
      await tickets.settle(ticketId).catch((err) => log.error({ err, ticketId }, 'the ticket stays `processing`'));
      throw error;
    }
  }

  return {
    async process(ticketId, { force }) {
      const stored = force || running.has(ticketId) ? undefined : await results.findByTicket(ticketId);
      if (stored) return stored;
      const joined = running.get(ticketId);
      if (joined) return joined;
      const started = run(ticketId).finally(() => running.delete(ticketId));
      running.set(ticketId, started);
      return started;
    },
  };
}
