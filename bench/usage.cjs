// Preloaded into every measured process (`node --require`): reports the process's resource usage to its parent.
// It is CommonJS, because loading a module would slow the measured start down.
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuUs: user + system, memoryBytes: process.memoryUsage.rss() });
});
process.channel?.unref(); // the channel must not keep the process alive; a worker thread has none
