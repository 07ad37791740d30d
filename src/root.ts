/** The project's folder, one level above this file as well as above the bundle that it becomes part of. */
export const ROOT = new URL('..', import.meta.url);
