/** Makes texts that differ only in case equal. Two letters have the same capitals as others: ß (SS) and ς (Σ). */
export const fold = (text: string) => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');

/** A pattern for LIKE with a backslash as the escape character: the folded text, anywhere. */
export const toPattern = (text: string) => `%${fold(text).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
