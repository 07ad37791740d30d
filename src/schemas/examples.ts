import type { Static, TObject } from '@sinclair/typebox';

/** An object made of the first example of each field, so that every example is written once, at its field. */
export function exampleOf<T extends TObject>(schema: T): Static<T> {
  const fields = Object.entries(schema.properties).map(([name, { examples }]) => [name, examples?.[0]]);
  return Object.fromEntries(fields);
}
