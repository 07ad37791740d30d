/** What the provider was sent. None of it may reach the log or a client in place of an identifier. */
export interface SensitiveInput {
  apiKey: string | undefined;
  /** The ticket's text. */
  text: string;
}

/** A model name or id from a provider; null if it is not an identifier or quotes the key or the ticket. */
export const sanitizeIdentifier = (value: unknown, sent: SensitiveInput): string | null =>
  typeof value === 'string' && /^[\x21-\x7e]{1,200}$/.test(value) && !leaksInput(value, sent) ? value : null;

/** An error code from a provider; undefined if it is not a single word. */
export const singleToken = (value: unknown, sent: SensitiveInput): string | undefined =>
  /^[\w.-]{1,64}$/.exec(sanitizeIdentifier(value, sent) ?? '')?.[0];

/** Words of a ticket from six characters on, because shorter ones can occur in an identifier by chance. */
const WORDS = [
  /[a-z\d]{6,}/gi, // card and account numbers
  /[a-z\d][\x21-\x7e]{4,}[a-z\d]/gi, // e-mail addresses
];

const leaksInput = (value: string, { apiKey, text }: SensitiveInput) =>
  text.includes(value) ||
  (apiKey !== undefined && value.includes(apiKey)) ||
  WORDS.some((words) => text.match(words)?.some((word) => value.includes(word)));
