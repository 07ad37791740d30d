import type { LlmErrorCode } from '../errors.ts';

/** What a provider reports about a failure. */
export interface ProviderFailure {
  /** HTTP status, or the one that an error body with status 200 has. Undefined for an answer that ended early. */
  status?: number | undefined;
  /** Codes, types and reasons in the error body: words of the provider's choice. */
  words?: string[];
  /** Why an answer ended. */
  finishReason?: string;
  /** The body is a page or another text, not JSON. */
  isPage?: boolean;
}

/** Every condition that a rule has must hold. */
interface Rule {
  status?: [from: number, to: number];
  /** Matches one of the words. */
  word?: RegExp;
  finishReason?: RegExp;
  isPage?: true;
  result: LlmErrorCode;
  source: string;
}

const AZURE = 'https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter';
const DASHSCOPE = 'https://www.alibabacloud.com/help/en/model-studio/error-code';
const DEEPSEEK = 'https://api-docs.deepseek.com/quick_start/error_codes';
const DEEPSEEK_CHAT = 'https://api-docs.deepseek.com/api/create-chat-completion';
const GEMINI = 'https://ai.google.dev/api/generate-content#FinishReason';
const GEMINI_ERRORS = 'https://ai.google.dev/gemini-api/docs/troubleshooting';
const GOOGLE_REASONS = 'https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto';
const GROQ = 'https://console.groq.com/docs/errors';
const LLAMA_CPP = 'https://github.com/ggml-org/llama.cpp/pull/15780';
const MISTRAL = 'https://docs.mistral.ai/openapi.yaml';
const MOONSHOT = 'https://platform.moonshot.ai/docs/api/chat#error-description';
const OPENAI = 'https://platform.openai.com/docs/guides/error-codes';
const OPENAI_CHAT = 'https://platform.openai.com/docs/api-reference/chat/object';
const OPENAI_RESPONSES = 'https://platform.openai.com/docs/api-reference/responses/object';
const OPENROUTER = 'https://openrouter.ai/docs/api/reference/errors-and-debugging';
const RFC9110 = 'https://www.rfc-editor.org/rfc/rfc9110#section-15';

/** An error body with status 200, or any status 4xx. */
const OK_OR_4XX: Rule['status'] = [200, 499];

/** The first rule that matches decides. */
const RULES: Rule[] = [
  // The reason why an answer ended
  // Gemini's compatible API: `content_filter: SAFETY`
  { finishReason: /^content[_-]?filter/i, result: 'llm_content_filtered', source: OPENAI_CHAT },
  {
    finishReason: /^(?:(?:image_)?(?:safety|prohibited_content|recitation)|image_other|blocklist|spii)$/i,
    result: 'llm_content_filtered',
    source: GEMINI,
  },
  { finishReason: /^length$/i, result: 'llm_truncated', source: OPENAI_CHAT },
  { finishReason: /^model_length$/, result: 'llm_truncated', source: MISTRAL },
  { finishReason: /^max_tokens$/i, result: 'llm_truncated', source: GEMINI },
  { finishReason: /^max_output_tokens$/, result: 'llm_truncated', source: OPENAI_RESPONSES },
  { finishReason: /^error$/i, result: 'llm_unavailable', source: OPENROUTER },
  { finishReason: /^insufficient_system_resource$/, result: 'llm_unavailable', source: DEEPSEEK_CHAT },

  // Content filters of the ticket
  {
    word: /^(?:content_filter|content_policy_violation|ResponsibleAIPolicyViolation)$/,
    result: 'llm_content_filtered',
    source: AZURE,
  },
  { word: /^(?:data_inspection_failed|DataInspectionFailed)$/, result: 'llm_content_filtered', source: DASHSCOPE },
  {
    status: [403, 403],
    word: /^(?:metadata\.reasons|metadata\.flagged_input)$/,
    result: 'llm_content_filtered',
    source: OPENROUTER,
  },

  // Waiting does not help against these
  {
    status: OK_OR_4XX,
    word: /^(?:insufficient_quota|billing_(?:not_active|hard_limit_reached)|credit_balance_exhausted)$/,
    result: 'llm_quota_exhausted',
    source: OPENAI,
  },
  { status: OK_OR_4XX, word: /^\w*_(?:spend|usage)_limit_exceeded$/, result: 'llm_quota_exhausted', source: OPENAI },
  { status: OK_OR_4XX, word: /^exceeded_current_quota_error$/, result: 'llm_quota_exhausted', source: MOONSHOT },
  { status: [402, 402], result: 'llm_quota_exhausted', source: DEEPSEEK },

  // Words that are more exact than the status
  { status: OK_OR_4XX, word: /^json_validate_failed$/, result: 'llm_invalid_output', source: GROQ },
  { status: OK_OR_4XX, word: /^API_KEY_\w+$/, result: 'llm_unauthorized', source: GOOGLE_REASONS },
  { status: OK_OR_4XX, word: /^invalid_api_key$/, result: 'llm_unauthorized', source: OPENAI },
  { status: OK_OR_4XX, word: /^rate_limit_exceeded$/, result: 'llm_rate_limited', source: GROQ }, // also with 413
  { status: OK_OR_4XX, word: /^rate_limit_reached_error$/, result: 'llm_rate_limited', source: MOONSHOT },
  { status: OK_OR_4XX, word: /^RESOURCE_EXHAUSTED$/, result: 'llm_rate_limited', source: GEMINI_ERRORS },
  { status: [429, 429], result: 'llm_rate_limited', source: OPENAI }, // whatever its message says of the context
  { word: /^context_length_exceeded$/, result: 'llm_rejected', source: OPENAI },
  { word: /^exceed_context_size_error$/, result: 'llm_rejected', source: LLAMA_CPP }, // also with 500
  { status: [403, 403], word: /^unsupported_country_region_territory$/, result: 'llm_rejected', source: OPENAI },
  { status: [200, 200], word: /^(?:invalid_prompt|invalid_request_error)$/, result: 'llm_rejected', source: OPENAI },
  { status: [200, 200], word: /^authentication_error$/, result: 'llm_unauthorized', source: OPENAI },

  // The status alone
  { status: [403, 403], isPage: true, result: 'llm_rejected', source: RFC9110 }, // a firewall, not the provider
  { status: [401, 401], result: 'llm_unauthorized', source: OPENAI },
  { status: [403, 403], result: 'llm_unauthorized', source: OPENAI },
  { status: [408, 408], result: 'llm_timeout', source: RFC9110 },
  { status: [409, 409], result: 'llm_unavailable', source: RFC9110 },
  { status: [424, 424], result: 'llm_unavailable', source: GROQ }, // the server behind it failed
  { status: [498, 499], result: 'llm_unavailable', source: GROQ }, // no capacity; call cancelled
  { status: [200, 200], result: 'llm_unavailable', source: OPENAI_RESPONSES },
  { status: [500, 599], result: 'llm_unavailable', source: RFC9110 },
];

/** The rule for a failure; undefined if there is none. */
const findRule = ({ status, words = [], finishReason, isPage }: ProviderFailure): Rule | undefined =>
  RULES.find(
    (rule) =>
      (!rule.status || (status !== undefined && rule.status[0] <= status && status <= rule.status[1])) &&
      (!rule.word || words.some((word) => rule.word?.test(word))) &&
      (!rule.finishReason || (finishReason !== undefined && rule.finishReason.test(finishReason))) &&
      (!rule.isPage || isPage === true),
  );

/** The service's error code for a failed call. */
export const toLlmErrorCode = (failure: ProviderFailure): LlmErrorCode => findRule(failure)?.result ?? 'llm_rejected';

/** The error code for an answer that ended for this reason; undefined if it is complete. */
export const checkFinishReason = (finishReason: unknown): LlmErrorCode | undefined =>
  typeof finishReason === 'string' ? findRule({ finishReason })?.result : undefined;

/** Whether a rule is about this word: then it is a code of a provider, not text of a customer. */
export const isKnownWord = (word: string): boolean => RULES.some((rule) => rule.word?.test(word));
