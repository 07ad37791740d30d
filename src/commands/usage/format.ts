const counts = new Intl.NumberFormat('en-US');
const tokens = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const percents = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const cents = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumSignificantDigits: 2,
  maximumSignificantDigits: 2,
});

export const UNKNOWN = '-';

export const formatCount = (value: number) => counts.format(value);

/** For example 1.23M. */
export const formatTokens = (value: number) => tokens.format(value);

export const formatPercent = (share: number) => percents.format(share);

/** Two decimals from a dollar on, two significant digits below: a run costs a fraction of a cent. */
export function formatCost(value: number | null): string {
  if (value === null) return UNKNOWN;
  return value > 0 && value < 1 ? cents.format(value) : dollars.format(value);
}

export function formatLatency(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
