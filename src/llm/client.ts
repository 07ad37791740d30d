import type { ErrorCode } from '../errors.ts';
import type { CallMetadata, ModelOutput, TokenUsage } from '../schemas/result.ts';

/** Instructions and ticket are separate, so that the ticket is never read as instructions. */
export interface CompletionRequest {
  /** The system prompt. */
  instructions: string;
  /** The ticket's text, unaltered. */
  text: string;
  /** Cancels the request. The reason is an AppError; `complete` then rejects with it. */
  signal: AbortSignal;
  /** When `signal` aborts at the latest, on the clock of `performance.now()`. */
  deadline: number;
  /** Called before each attempt. If it rejects, the attempt is not made, and `complete` rejects with the same error. */
  beforeAttempt?: () => Promise<void>;
  /** Called after each attempt, whether it succeeded or failed. */
  onAttempt?: (attempt: Attempt) => void;
}

/** One request to the provider and its outcome. */
export interface Attempt {
  outcome: 'ok' | ErrorCode;
  usage: TokenUsage;
  /** Wait before the next attempt; undefined if there is none. */
  waitMs?: number | undefined;
  /** The model that answered; undefined if none did. */
  model?: string | undefined;
  /** Fields of the answer that were too long and have been cut. */
  cutFields?: CutFields | undefined;
}

export type CutFields = ('summary' | 'reply_draft')[];

/** A validated answer and what it cost. */
export type Completion = ModelOutput & CallMetadata & { cutFields?: CutFields };

/** A language model. Each kind of provider has an implementation in a folder of its own. */
export interface LlmClient {
  /** @throws AppError with one of the `llm_…` codes, or the signal's reason. */
  complete(request: CompletionRequest): Promise<Completion>;
}
