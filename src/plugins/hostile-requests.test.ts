import { test } from 'vitest';
import { expectToWithstand } from '../testing/expect-to-withstand.ts';

test('hostile requests get documented answers, no 5xx, and leave the database intact', async () => {
  await expectToWithstand({ readable: 950, unreadable: 50 });
}, 300_000);
