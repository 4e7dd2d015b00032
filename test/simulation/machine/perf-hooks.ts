/**
 * Stands where `node:perf_hooks` is for the program. In a world nothing delays the event loop; a real monitor holds a
 * timer and a histogram of the process, and nobody stops it for a program that was killed.
 */
export function monitorEventLoopDelay() {
  return { count: 0, enable: () => true, disable: () => true, percentile: (_percent: number) => 0, reset: () => {} };
}
