import type { Static, TObject, TSchema } from '@sinclair/typebox';

/** An object made of the first example of each field, so that every example is written once, at its field. */
export function exampleOf<T extends TObject>(schema: T): Static<T> {
  const fields = Object.entries(schema.properties).map(([name, field]) => [name, exampleValue(field)]);
  return Object.fromEntries(fields);
}

function exampleValue(schema: TSchema): unknown {
  if (schema.examples) return schema.examples[0];
  if (schema.type === 'object') return exampleOf(schema as TObject);
  return schema.type === 'array' ? [exampleValue(schema.items)] : undefined;
}
