import { Ajv, type AnySchemaObject } from 'ajv';
import fc, { type Arbitrary } from 'fast-check';
import { AJV_OPTIONS } from '../schemas/ajv.ts';
import { isDate } from '../schemas/date.ts';
import { anyText } from './hostile-parts.ts';

/** Values that a request's schema allows, including those at its limits. */
export function validValue(schema: AnySchemaObject): Arbitrary<unknown> {
  const validate = new Ajv({ ...AJV_OPTIONS, formats: { date: isDate } }).compile(schema);
  return candidates(schema).filter((value) => validate(value) === true);
}

function candidates(schema: AnySchemaObject): Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.format === 'date') return fc.nat(1e5).map((day) => new Date(day * 864e5).toISOString().slice(0, 10));
  if (schema.type === 'string') return texts(schema);
  if (schema.type === 'integer') return fc.oneof(fc.integer(), fc.maxSafeInteger());
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'array') return fc.array(validValue(schema.items ?? {}), { maxLength: 5 });
  if (schema.type !== 'object') return fc.jsonValue();
  const properties = Object.entries<AnySchemaObject>(schema.properties ?? {});
  const values = Object.fromEntries(properties.map(([name, property]) => [name, validValue(property)]));
  return fc.record(values, { requiredKeys: schema.required ?? [] });
}

function texts({ pattern, minLength = 0, maxLength = 100 }: AnySchemaObject): Arbitrary<string> {
  return fc.oneof(
    { weight: 10, arbitrary: pattern ? fc.stringMatching(new RegExp(pattern)) : anyText },
    { weight: 10, arbitrary: fc.nat(40).map(String) },
    { weight: 10, arbitrary: anyText },
    { weight: 1, arbitrary: fc.constantFrom('😀'.repeat(minLength), '😀'.repeat(maxLength)) },
  );
}
