/** Makes texts that differ only in case equal. Two letters have the same capitals as others: ß (SS) and ς (Σ). */
export const fold = (text: string) => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');
