import { Presets, SingleBar } from 'cli-progress';

/**
 * A progress bar on stderr: a line that is redrawn on a terminal, otherwise a line every ten seconds.
 *
 * @param format as in https://www.npmjs.com/package/cli-progress
 */
export const createProgressBar = (format: string) =>
  new SingleBar(
    {
      format,
      formatValue: (value) => value.toLocaleString('en'),
      barsize: 30,
      noTTYOutput: true,
      notTTYSchedule: 10_000,
      linewrap: true,
      gracefulExit: false, // its signal handler would keep the process alive
    },
    Presets.shades_classic,
  );
