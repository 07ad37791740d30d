import type { Language } from './language.ts';
import { DE } from './vocabulary/de.ts';
import { EN } from './vocabulary/en.ts';
import { ES } from './vocabulary/es.ts';
import { FR } from './vocabulary/fr.ts';
import { JA } from './vocabulary/ja.ts';
import { PT } from './vocabulary/pt.ts';
import type { Vocabulary } from './vocabulary/types.ts';

export const VOCABULARIES: Record<Language, Vocabulary> = { en: EN, de: DE, fr: FR, es: ES, pt: PT, ja: JA };
