import { test } from 'vitest';
import { expectToWithstand } from '../testing/expect-to-withstand.ts';

test('hostile requests get documented answers, no 5xx, and leave the database intact', async () => {
  await expectToWithstand({ readable: 1000, unreadable: 100 });
}, 300_000);
