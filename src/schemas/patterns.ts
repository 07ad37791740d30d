/**
 * Text that SQLite returns unchanged: no U+0000 (SQLite's functions stop there) and no lone surrogate (it would come
 * back as U+FFFD). JSON Schema patterns match by code point, so emoji pass.
 */
export const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';

/** ASCII from the space to the tilde. */
export const PRINTABLE_ASCII = '^[ -~]*$';
