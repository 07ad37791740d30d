/** Loaded into a measured process (`node --import`): answers whoever started it with what it has used so far. */
export interface Usage {
  /** User and system time of all its threads, in µs. */
  cpu: number;
  /** Resident memory, in bytes. */
  rss: number;
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system, rss: process.memoryUsage.rss() } satisfies Usage);
});
process.channel?.unref(); // it is to end as it would without us
