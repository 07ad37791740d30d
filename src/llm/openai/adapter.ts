import type OpenAI from 'openai';
import type { TokenUsage } from '../../schemas/result.ts';

/** One of the two ways to ask an OpenAI-like server. */
export interface Api {
  /** Resolves with an answer of status 200, whatever it holds. */
  ask(client: OpenAI, question: Question, options: { signal: AbortSignal }): Promise<Response>;
  /**
   * @param context goes along with what is thrown
   * @throws AppError with the `llm_…` code of an answer that holds no text to use
   */
  read(response: unknown, context: AnswerContext): Answer;
}

export interface Question {
  model: string;
  instructions: string;
  text: string;
}

export interface AnswerContext {
  openai_request_id: string | null;
  /** For the log and the metrics. */
  details: { usage: TokenUsage };
}

export interface Answer {
  /** JSON, unless the model does as it likes. */
  text: string;
  /** The model that the provider says it used. */
  model: string | undefined;
}
