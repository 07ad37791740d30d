import type { Batch } from '../../schemas/batch.ts';

const BAR_WIDTH = 30;

/** Shows the progress of a batch: one line that is rewritten on a terminal, otherwise a line per change. */
export function createProgress(stream: NodeJS.WriteStream) {
  const start = performance.now();
  let last = '';
  return {
    show(batch: Batch): void {
      const line = formatProgress(batch, (performance.now() - start) / 1000);
      if (stream.isTTY) stream.write(`\r\x1b[K${line}`);
      else if (line !== last) stream.write(`${line}\n`);
      last = line;
    },
    end(): void {
      if (stream.isTTY) stream.write('\n');
    },
  };
}

/** For example `[######----] 12/20  3.1/s  1 failed  0.0042 dollars  3 s left`. */
export function formatProgress({ total, succeeded, failed, skipped, cost_usd }: Batch, seconds: number): string {
  const done = succeeded + failed + skipped;
  const filled = total === 0 ? BAR_WIDTH : Math.round((BAR_WIDTH * done) / total);
  const rate = seconds > 0 ? (succeeded + failed) / seconds : 0;
  const parts = [
    `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${done}/${total}`,
    `${rate.toFixed(1)}/s`,
    `${failed} failed`,
    ...(cost_usd === null ? [] : [`${cost_usd.toFixed(4)} dollars`]),
    ...(rate > 0 && done < total ? [`${formatDuration((total - done) / rate)} left`] : []),
  ];
  return parts.join('  ');
}

function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
