export const TEXT =
  'I cannot login to my account since this morning. It says that my password is wrong, but I changed it only yesterday.';
export const NEW_TICKET = { raw_text: TEXT, source: 'email' };
