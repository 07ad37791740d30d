import { createOpenAIClient, type OpenAIOptions } from '../llm/openai/client.ts';
import { PROMPT } from './open-service.ts';

export const TICKET_TEXT = 'I cannot login to my account. Please help.';

/** Sends a ticket to a provider with a client of its own, without a service. */
export const sendTicket = (options: Partial<OpenAIOptions>) =>
  createOpenAIClient({ model: 'gpt-test', api: 'responses', connections: 1, ...options }).complete({
    instructions: PROMPT.system,
    text: TICKET_TEXT,
    signal: new AbortController().signal,
    deadline: Number.POSITIVE_INFINITY,
  });
