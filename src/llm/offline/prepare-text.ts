import type EmailReplyParser from 'email-reply-parser';
import type { HtmlToTextOptions } from 'html-to-text';
import {
  CLOSING_LINE,
  HEADER_LINE,
  HORIZONTAL_RULE,
  QUOTE_HEADER,
  QUOTED_LINES,
  SIGNATURE_SEPARATOR,
} from './mail-patterns.ts';

/** `<p>`, `<a href="…">`, `</p>`, `<!-- … -->`; not `<anna@example.com>` nor `<https://example.com>`. */
const TAG = /<(?:\/?[a-z][a-z0-9]*(?:\s[^<>]*)?\/?|![^<>]*)>/gi;
const OTHER_ANGLE_BRACKET = new RegExp(`<(?!${TAG.source.slice(1)})`, 'gi');

/**
 * Bounds of what email-reply-parser sees, in UTF-16 code units: the time of some of its expressions grows with a power
 * of the length (https://github.com/crisp-oss/email-reply-parser/issues/39). Longer lines cannot be the header of a
 * quote; a placeholder stands for them. Lines beyond the second bound are ignored.
 */
const MAX_LINE_LENGTH = 200;
const MAX_PARSED_LENGTH = 2_000;

const HTML_OPTIONS: HtmlToTextOptions = {
  wordwrap: false,
  limits: { maxDepth: 100, ellipsis: '' },
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
    { selector: '.gmail_signature', format: 'skip' },
    { selector: 'small', format: 'skip' },
    { selector: 'tr', format: 'block' },
    { selector: 'td', format: 'block' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
};

/** Imports its libraries when it is called, because they take a tenth of a second. */
export async function createTextPreparation(): Promise<(text: string) => string> {
  const [{ default: Parser }, { compile }] = await Promise.all([import('email-reply-parser'), import('html-to-text')]);
  const parser = new Parser();
  const toText = compile(HTML_OPTIONS);

  /** What the customer wrote: without HTML, quoted messages and signature, unless nothing else is there. */
  return (raw) => {
    const text = raw.toWellFormed().replace(/\r\n?/g, '\n');
    const plain = hasTags(text) ? htmlToPlainText(text, toText) : text;
    return [ownWords(plain, parser), withoutHeaders(plain), plain].find(hasContent) ?? text;
  };
}

/** Letters, digits or emoji. */
const hasContent = (text: string) => /[\p{L}\p{N}\p{So}]/u.test(text);
const hasTags = (text: string) => text.search(TAG) !== -1;

function htmlToPlainText(text: string, toText: (html: string) => string): string {
  const withoutTags = () => text.replace(TAG, ' ').replace(/&nbsp;/gi, ' ');
  try {
    const plain = toText(text.replace(OTHER_ANGLE_BRACKET, '&lt;'));
    return hasContent(plain) ? plain : withoutTags();
  } catch {
    return withoutTags();
  }
}

function ownWords(text: string, parser: EmailReplyParser): string {
  const longLines = new Map<string, string>();
  const lines = text
    .replace(QUOTED_LINES, '>')
    .replace(/\n\s*\n/g, '\n\n')
    .replace(HORIZONTAL_RULE, '\n\n')
    .replace(QUOTE_HEADER, '\n-----Original Message-----\n')
    .replace(CLOSING_LINE, `${SIGNATURE_SEPARATOR}\n`)
    .split('\n')
    .map((line, i) => {
      if (line.length <= MAX_LINE_LENGTH) return line;
      const placeholder = `\0${i}`;
      longLines.set(placeholder, line);
      return placeholder;
    });
  return parser
    .parseReply(firstLines(lines.join('\n')))
    .split('\n')
    .filter((line) => line !== SIGNATURE_SEPARATOR)
    .map((line) => longLines.get(line) ?? line)
    .join('\n');
}

const firstLines = (text: string) =>
  text.length <= MAX_PARSED_LENGTH ? text : text.slice(0, text.lastIndexOf('\n', MAX_PARSED_LENGTH));

const withoutHeaders = (text: string) => text.replace(/^[ >]+/gm, '').replace(HEADER_LINE, '');
