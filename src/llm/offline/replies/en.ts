import type { ReplyTemplate } from './types.ts';

export const EN: ReplyTemplate = {
  greeting: 'Hello,',
  warning: 'Please leave passwords, codes and card numbers out of your answer.',
  closing: 'Kind regards\nThe support team',
  paragraphs: {
    'auth/login': [
      'Thank you for writing to us. We are sorry for the trouble with signing in.',
      `To look into it, it would help us to know:
- the e-mail address or user name of the account,
- how you sign in, for example with an e-mail address, an authenticator app or through your company,
- at which step it ends, and the exact wording of any message you see,
- when you last tried, with your time zone, and in which browser or app.`,
    ],
    billing: [
      'Thank you for getting in touch about billing.',
      `To look into it, it would help us to know:
- the invoice number, or the date and amount of the payment concerned,
- the e-mail address of the account or the name of the workspace,
- what you expected instead.`,
    ],
    bug: [
      'Thank you for the report. We are sorry for the inconvenience.',
      `To look into it, it would help us to know:
- the steps that lead to it, and whether it happens every time,
- what you expected and what you saw instead, with the exact wording of any message,
- when it first happened, with your time zone,
- your device, and the browser or app with its version.

A screenshot often helps, as long as it shows nothing confidential.`,
    ],
    feature_request: [
      'Thank you for taking the time to suggest this.',
      `To understand it well, it would help us to know:
- what you would like to get done with it,
- how you manage today,
- how often you need it, and for how many people.`,
    ],
    account: [
      'Thank you for writing to us about your account.',
      `To look into it, it would help us to know:
- the e-mail address of the account or the name of the workspace concerned,
- what exactly you would like to change, export or remove,
- your role in the workspace, if other people use it too.

Please write from the e-mail address that belongs to the account, if you can.`,
    ],
    other: [
      'Thank you for your message.',
      `If there is something you would like from us, it would help to know:
- what it is about, in a sentence or two,
- the e-mail address of your account, if you have one.`,
    ],
  },
};
