import { describe, expect, it } from 'vitest';
import { NO_USAGE } from '../schemas/result.ts';
import { createCostCalculator } from './prices.ts';

const OPENAI = 'https://api.openai.com/v1';
const LOCAL = 'http://127.0.0.1:11434/v1';
const USAGE = { input_tokens: 1000, output_tokens: 100, total_tokens: 1100, cached_tokens: 400 };

describe('createCostCalculator', () => {
  it('prices cached tokens as such: (600 × 0.15 + 400 × 0.075 + 100 × 0.60) / 1,000,000 dollars', async () => {
    const costOf = createCostCalculator({ baseURL: OPENAI, model: 'gpt-test' });
    expect(await costOf('gpt-4o-mini-2024-07-18', USAGE)).toBeCloseTo(0.00018, 12);
    expect(await costOf('gpt-4o-mini', { ...USAGE, cached_tokens: null })).toBeCloseTo(0.00021, 12);
  });

  it('knows no cost of an unknown model, another server or an unknown usage', async () => {
    const costOf = createCostCalculator({ baseURL: OPENAI, model: 'gpt-test' });
    expect(await costOf('gpt-unknown', USAGE)).toBeNull();
    expect(await costOf('constructor', USAGE)).toBeNull();
    expect(await costOf('gpt-4o-mini', NO_USAGE)).toBeNull();
    expect(await createCostCalculator({ baseURL: LOCAL, model: 'gpt-test' })('gpt-4o-mini', USAGE)).toBeNull();
  });

  it('prefers configured prices', async () => {
    const prices = {
      'gpt-4o-mini': { input: 1, cached_input: 0.5, output: 2 },
      'llama3.2': { input: 1, output: 2 },
    };
    const costOf = createCostCalculator({ baseURL: OPENAI, model: 'gpt-test', prices });
    expect(await costOf('gpt-4o-mini', USAGE)).toBeCloseTo((600 + 200 + 200) / 1e6, 12);
    expect(await costOf('llama3.2', USAGE)).toBeCloseTo((1000 + 200) / 1e6, 12);
  });

  it('uses the configured price of an alias for the model that it stands for', async () => {
    const prices = { 'llama3.2': { input: 1, output: 2 }, 'llama3.2:1b': { input: 0, output: 0 } };
    const costOf = createCostCalculator({ baseURL: LOCAL, model: 'llama3.2', prices });
    expect(await costOf('llama3.2:3b', USAGE)).toBeCloseTo((1000 + 200) / 1e6, 12);
    expect(await costOf('llama3.2:1b', USAGE)).toBe(0);
    expect(await costOf(undefined, USAGE)).toBeCloseTo((1000 + 200) / 1e6, 12);
  });

  it('charges no more cached tokens than there are input tokens', async () => {
    const costOf = createCostCalculator({ baseURL: OPENAI, model: 'gpt-test' });
    expect(await costOf('gpt-4o-mini', { ...USAGE, cached_tokens: 5000 })).toBeCloseTo((1000 * 0.075 + 60) / 1e6, 12);
  });
});
