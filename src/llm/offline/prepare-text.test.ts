import { describe, expect, it } from 'vitest';
import { createTextPreparation } from './prepare-text.ts';

const prepareText = await createTextPreparation();
const ANSWER = 'The invoice is wrong.';

describe('prepareText', () => {
  it.each([
    ['"On … wrote:"', 'On Mon, 3 Nov, Support wrote:\n> reset your password\n> and sign in'],
    ['"On … wrote:" after a blank line', '\nOn Mon, 3 Nov, Support wrote:\n\nReset your password.'],
    ['CRLF line breaks', '\r\nOn Mon, 3 Nov, Support wrote:\r\n> reset your password'],
    ['a header that is wrapped', '\nOn Mon, 3 Nov 2025 at 10:00, Support Team\n<help@example.com> wrote:\n> reset'],
    ['"Original Message"', '-----Original Message-----\nFrom: Support\n\nReset your password.'],
    ["Outlook's header", 'From: Support\nSent: Monday\nTo: Anna\nSubject: Login\n\nReset your password.'],
    ["Outlook's German header", 'Von: Support\nGesendet: Montag\nAn: Anna\n\nPasswort zurücksetzen.'],
    ['a German quote', 'Am 3. November 2025 schrieb Support:\n> Passwort zurücksetzen'],
    ['a French quote', 'Le 3 nov. 2025 à 10:00, Support <a@example.com> a écrit :\n> mot de passe'],
    ['a Spanish quote', 'El lun, 3 nov 2025, Support <a@example.com> escribió:\n> contraseña'],
    ['a Portuguese quote', 'Em seg., 3 de nov. de 2025, Support <a@example.com> escreveu:\n> senha'],
    ['a Japanese quote', '2025年11月3日(月) 10:00 サポート <a@example.com>:\n> パスワード'],
    ['a signature after "--"', '--\nAnna Meyer\nHead of Login'],
    ['a signature after a closing formula', '\nBest,\nAnna Meyer\nHead of Login'],
    ['a German signature', '\nMit freundlichen Grüßen\nAnna Meyer\nPasswörter und mehr'],
  ])('removes %s', (_, rest) => {
    expect(prepareText(`${ANSWER}\n${rest}`).trim()).toBe(ANSWER);
  });

  it('keeps answers between quoted lines', () => {
    expect(prepareText('> one?\n\nFirst answer.\n\n> two?\n\nSecond answer.').trim()).toBe(
      'First answer.\nSecond answer.',
    );
  });

  it('keeps long lines above a quote', () => {
    const line = 'The invoice is wrong. '.repeat(20).trim();
    expect(prepareText(`${line}\n> reset your password`).trim()).toBe(line);
  });

  it('keeps the sections of a form that uses rules', () => {
    expect(prepareText('Bug\n\n---\n\nIt crashes.')).toContain('It crashes.');
  });

  it.each([
    [
      'a forwarded mail',
      '---------- Forwarded message ---------\nFrom: A <a@example.com>\nSubject: Login\n\nIt crashes.',
    ],
    ['a quote', '> It crashes.'],
    ['a closing formula', 'Thanks\nIt crashes.'],
  ])('keeps the text if it consists only of %s', (_, text) => {
    const prepared = prepareText(text);
    expect(prepared).toContain('It crashes.');
    expect(prepared).not.toContain('Login');
  });

  it('converts HTML, without styles, signature and quote', () => {
    const html = `<html><head><style>.password{color:red}</style></head><body><p>The invoice<br>&quot;7&quot; is wrong.</p>
      <div class="gmail_signature">Head of Login</div><blockquote>Reset your password</blockquote></body></html>`;
    expect(prepareText(html).trim()).toBe('The invoice\n"7" is wrong.');
  });

  it('keeps comparisons and addresses in angle brackets', () => {
    expect(prepareText('if a < b and c > d')).toBe('if a < b and c > d');
    expect(prepareText('<p>Write to <anna@example.com> &amp; Bob</p>').trim()).toBe(
      'Write to <anna@example.com> & Bob',
    );
  });

  it('removes tags of HTML without text, and lone surrogates', () => {
    expect(prepareText('<img src="x"> a\ud800')).not.toMatch(/\ud800|src/);
  });
});
