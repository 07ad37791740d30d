/** What a provider was sent, and must not get into the log, or to a client, in the place of a name or an id. */
export interface SensitiveInput {
  apiKey: string | undefined;
  /** The ticket's. */
  text: string;
}

/**
 * A name or an id that a provider gave, as it is stored and shown; null if it is none, or quotes what was sent: the key, or a
 * word of the ticket, of which those under six characters may be there by chance.
 */
export const sanitizeIdentifier = (value: unknown, sent: SensitiveInput): string | null =>
  typeof value === 'string' && /^[\x21-\x7e]{1,200}$/.test(value) && !leaksInput(value, sent) ? value : null;

/** Letters and digits, as in numbers of cards and accounts; and more between them, as in addresses. */
const WORDS = [/[a-z\d]{6,}/gi, /[a-z\d][\x21-\x7e]{4,}[a-z\d]/gi];

const leaksInput = (value: string, { apiKey, text }: SensitiveInput) =>
  text.includes(value) ||
  (apiKey !== undefined && value.includes(apiKey)) ||
  WORDS.some((words) => text.match(words)?.some((word) => value.includes(word)));
