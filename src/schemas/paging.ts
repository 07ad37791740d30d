import { type Static, type TObject, Type } from '@sinclair/typebox';
import { ref } from './ref.ts';
import { Defaulted, Nullable } from './text.ts';

/** Query parameters of a route that returns a list in pages. */
export const PageQuery = Type.Object(
  {
    limit: Defaulted(
      Type.Integer({ minimum: 1, maximum: 100, default: 25, description: 'Maximum number of entries on a page.' }),
    ),
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'Where the page starts: `next_cursor` of the page before, with the same other parameters.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type PageQuery = Static<typeof PageQuery>;

/** A page of a list. The app must know the schema of the entries. */
export const Page = <T extends TObject>(entry: T) =>
  Type.Object({
    data: Type.Array(ref(entry), { description: 'The entries of this page.' }),
    next_cursor: Nullable(
      Type.String({
        description: 'The `cursor` of the next page. Null on the last page.',
        examples: ['eyJ2IjoxLCJsaXN0IjoiUWJXVWN3a2k0c0VvIiwiYWZ0ZXIiOjN9'],
      }),
    ),
  });
