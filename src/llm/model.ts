import type { CallMetadata, ModelOutput } from '../schemas/result.ts';

/** What a model is asked: instructions and ticket apart, so that the ticket is never read as instructions. */
export interface ModelRequest {
  /** The system prompt. */
  instructions: string;
  /** The ticket's text, unaltered. */
  text: string;
  /** Ends the call; its reason is an AppError, which the call then throws. */
  signal: AbortSignal;
  /** When that will be at the latest, on the clock of `performance.now()`. */
  deadline: number;
}

/** A checked answer with what it cost. */
export type ModelAnswer = ModelOutput & CallMetadata;

/** Something that answers tickets; one implementation per kind of provider. */
export interface Model {
  /** @throws AppError with one of the `llm_…` codes, or the signal's reason. */
  answer(request: ModelRequest): Promise<ModelAnswer>;
}
