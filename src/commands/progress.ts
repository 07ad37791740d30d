import cliProgress from 'cli-progress';

/**
 * A progress bar on stderr: a line that is redrawn on a terminal, otherwise a line every ten seconds.
 *
 * @param format as in https://www.npmjs.com/package/cli-progress
 */
export const createProgressBar = (format: string) =>
  new cliProgress.SingleBar(
    {
      format,
      formatValue: (value) => value.toLocaleString('en'),
      // Seconds are a number, or a text such as 'INF' while the rate is unknown.
      formatTime: (seconds, ...rest) =>
        Number.isFinite(seconds) ? cliProgress.Format.TimeFormat(seconds, ...rest) : '?',
      barsize: 10, // what does not fit into the width of the terminal is cut off
      noTTYOutput: true,
      notTTYSchedule: 10_000,
      linewrap: true,
      gracefulExit: false, // its signal handler would keep the process alive
    },
    cliProgress.Presets.shades_classic,
  );
