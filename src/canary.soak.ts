import { describe, it } from 'vitest';
import { expectNoCanaries } from './testing/expect-no-canaries.ts';

describe('the log and the errors', () => {
  it.each(['fatal', 'error', 'warn', 'debug'])(
    'contain no text of tickets, replies, keys or headers at LOG_LEVEL=%s',
    expectNoCanaries,
  );
});
