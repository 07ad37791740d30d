import { SETTING_NAMES, type SettingName } from './schema.ts';

export interface MisspelledSetting {
  /** The variable that is set. */
  name: string;
  /** The setting that was probably meant. */
  setting: SettingName;
}

/** Shorter names differ by one character from too many variables of other programs. */
const MIN_LENGTH = 7;

/** Finds the variables that look like a setting but are none. Skips those whose setting is set as well. */
export const findMisspelledSettings = (environment: NodeJS.ProcessEnv): MisspelledSetting[] =>
  Object.keys(environment).flatMap((name) => {
    if ((SETTING_NAMES as string[]).includes(name)) return [];
    const upperCase = name.toUpperCase();
    const setting =
      SETTING_NAMES.find((candidate) => isOneTypoAway(upperCase, candidate)) ??
      SETTING_NAMES.find((candidate) => isShortened(upperCase, candidate));
    return setting && !environment[setting] ? [{ name, setting }] : [];
  });

/** Whether one character is missing, extra, different or swapped with the next one. */
function isOneTypoAway(name: string, setting: string): boolean {
  if (Math.min(name.length, setting.length) < MIN_LENGTH) return false;
  let start = 0;
  while (start < name.length && name[start] === setting[start]) start += 1;
  const rest = name.slice(start);
  const expected = setting.slice(start);
  const [first = '', second = ''] = rest;
  return (
    rest.slice(1) === expected ||
    rest === expected.slice(1) ||
    rest.slice(1) === expected.slice(1) ||
    second + first + rest.slice(2) === expected
  );
}

/** Whether words of the setting are missing (PROCESS_TIMEOUT), or in the singular or plural (RATE_LIMITS). */
function isShortened(name: string, setting: string): boolean {
  const words = toWords(name);
  const settingWords = toWords(setting);
  if (words.length < 2 || words[0] !== settingWords[0]) return false;
  let found = 0;
  for (const word of settingWords) if (word === words[found]) found += 1;
  return found === words.length;
}

const toWords = (name: string) => name.split('_').map((word) => word.replace(/S$/, ''));
