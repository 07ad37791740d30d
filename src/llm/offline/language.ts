/** The languages that have replies and category words of their own. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'pt', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * Imports the detector when it is called, because it takes half a second and 60 MB. Its smallest data set finds these
 * six languages as well as the larger ones do.
 */
export async function createLanguageDetector(): Promise<(text: string) => Language> {
  const { eld } = await import('eld/extrasmall');
  return (text) => {
    const detected = eld.detect(text);
    return LANGUAGES.find((language) => language === detected.language && detected.isReliable()) ?? 'en';
  };
}
