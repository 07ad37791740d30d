const WIDTH = 30;
const INTERVAL_MS = 100;

/** Draws a progress bar on stderr if that is a terminal. */
export function createProgressBar(): (done: number, total: number) => void {
  let lastMs = 0;
  return (done, total) => {
    if (!process.stderr.isTTY) return;
    const isDone = done === total;
    if (!isDone && performance.now() - lastMs < INTERVAL_MS) return;
    lastMs = performance.now();
    const filled = Math.round((WIDTH * done) / total);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    process.stderr.write(`\r${bar} ${done.toLocaleString('en')} of ${total.toLocaleString('en')}${isDone ? '\n' : ''}`);
  };
}
