/** A quoted line; `&gt;` in a text that is otherwise plain. */
export const QUOTED_LINES = /^ ?(?:>|&gt;).*(?:\n ?(?:>|&gt;).*)*/gm;

/** The first line of a quoted or forwarded message, in the forms that email-reply-parser does not know. */
export const QUOTE_HEADER = new RegExp(
  [
    // "---------- Forwarded message ----------"
    '-{2,12} ?(?:original|forwarded|begin forwarded|ursprüngliche|weitergeleitete|mensaje|mensagem|message)[^\\n]{0,40}-{2,12}',
    // Outlook: "From: …", then "Sent: …" (also with the date)
    '\\*?(?:from|von|de|差出人)\\*? ?:[^\\n]{1,200}\\n\\*?(?:sent|date|gesendet|datum|envoyé|enviado|fecha|data|送信日時|日時)\\*? ?:',
    // "On 3 Nov, Support wrote:", "Am 3. November schrieb Support:", "2025/11/03 Support <…>:"
    '(?:on|am|le|el|em)\\b[^\\n]{1,200} (?:wrote|schrieb[^\\n]{0,100}|écrit|escribió|escreveu) ?:$',
    '20\\d\\d[年/-][^\\n]{1,200}(?:<[^<>\\n]{1,100}>|のメッセージ|wrote) ?[:：]$',
  ]
    .map((form) => `^(?=${form})`)
    .join('|'),
  'gimu',
);

/** A line that only closes a message, in the forms that email-reply-parser does not know. */
export const CLOSING_LINE = new RegExp(
  `^(?=(?:${[
    '_{5,40}',
    '(?:thanks|thank you|many thanks|best|yours)(?:,? (?:sincerely|faithfully|truly|(?:and|&) (?:best |kind )?regards))?',
    'sincerely|(?:with )?(?:kind|best|warm) (?:regards|wishes)(?: from)?',
    '(?:mit )?(?:freundlichen|besten|herzlichen|vielen) grü(?:ß|ss)en',
    '(?:viele|liebe|beste|schöne|herzliche) grü(?:ß|ss)e|mfg|lg',
    '(?:bien )?(?:cordialement|à vous)|(?:sincères )?salutations(?: distinguées)?',
    '(?:(?:un|muchos|cordiales) )?(?:cordial )?saludos?(?: cordiales)?|atentamente',
    'atenciosamente|(?:com os )?(?:melhores )?cumprimentos|abraços?|att',
    '敬具|草々',
  ].join('|')})[,.!]?$)`,
  'gimu',
);

export const SIGNATURE_SEPARATOR = '--';

/** Markdown's rule between two sections; a signature's separator has no blank line below it. */
export const HORIZONTAL_RULE = /\n\n[-_=*]{3,}\n\n/g;

/** Fields of a forwarded message's header. */
export const HEADER_LINE =
  /^(?:-{2,}.*-{2,}|\*?(?:from|sent|date|to|cc|subject|von|gesendet|datum|an|betreff|de|envoyé|à|objet|enviado|fecha|para|asunto|data|assunto|差出人|送信日時|日時|宛先|件名)\*? ?[:：].*)$/gim;
