import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { CATEGORIES, ModelOutput } from '../../schemas/result.ts';
import { makeCompletion, toOutput } from '../../testing/fixtures.ts';
import { LANGUAGES, type Language } from './language.ts';
import { replyFor, TEMPLATES } from './replies.ts';

const isModelOutput = new Ajv().compile(ModelOutput);

const SECRETS: Record<Language, RegExp> = {
  en: /password|passcode|\bcodes?\b|\bpin\b|\bcard|\bcvc|\biban|secret|birth/i,
  de: /passwort|kennwort|\bcodes?\b|\bpin\b|karte|\biban|geheim|geburt/i,
  fr: /mots? de passe|\bcodes?\b|\bpin\b|carte|\biban|secret|naissance/i,
  es: /contraseña|código|\bpin\b|tarjeta|\biban|secret|nacimiento/i,
  pt: /senha|código|\bpin\b|cartão|\biban|secret|segredo|nascimento/i,
  ja: /パスワード|コード|暗証|カード|生年月日/,
};

const PROMISES: Record<Language, RegExp> = {
  en: /\bwe (?:will|can|shall|are going|promise)\b|\bwe'll\b|refund|\bsoon\b|shortly|within|\bfix/i,
  de: /\bwir (?:werden|können|versprechen)\b|erstatt|\bbald\b|in kürze|umgehend|beheb/i,
  fr: /nous (?:allons|pouvons|promettons)|rembours|bientôt|rapidement|corriger/i,
  es: /\b(?:vamos a|podemos|prometemos)\b|reembols|pronto|en breve|correg/i,
  pt: /\b(?:vamos|podemos|prometemos)\b|reembols|estorn|em breve|logo|corrig/i,
  ja: /返金|すぐに|まもなく|お約束|修正/,
};

const drafts = LANGUAGES.flatMap((language) => CATEGORIES.map((category) => [language, category] as const));

describe.each(drafts)('the reply draft in %s for %s', (language, category) => {
  const reply = replyFor(category, language);

  it('matches the schema', () => {
    expect(isModelOutput(toOutput(makeCompletion({ category, reply_draft: reply })))).toBe(true);
  });

  it('asks for no secrets', () => {
    const { warning } = TEMPLATES[language];
    expect(warning).toMatch(SECRETS[language]);
    expect(reply.replace(warning, '')).not.toMatch(SECRETS[language]);
  });

  it('promises nothing', () => {
    expect(reply).not.toMatch(PROMISES[language]);
  });
});
