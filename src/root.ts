/** The project's folder: one level above this file, and one level above the bundle in dist. */
export const ROOT = new URL('..', import.meta.url);
