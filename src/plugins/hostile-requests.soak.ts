import { test } from 'vitest';
import { expectToWithstand } from '../testing/expect-to-withstand.ts';

test('20,000 hostile requests get documented answers, no 5xx, and leave the database intact', async () => {
  await expectToWithstand({ readable: 19_000, unreadable: 1000 });
});
