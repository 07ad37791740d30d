import { describe, it } from 'vitest';
import { expectNoCanaries } from './testing/expect-no-canaries.ts';

// The other levels are in canary.soak.ts.
describe('the log and the errors', () => {
  it.each(['silent', 'info', 'trace'])(
    'contain no text of tickets, replies, keys or headers at LOG_LEVEL=%s',
    expectNoCanaries,
  );
});
