/** The other half of the recovery bench: opens an engine on a directory and says when it is ready. */
import { withEngine } from "./lifecycle.ts";

const [, , directory = ""] = process.argv;
await withEngine(
  async (engine) => {
    const { effectsQueued, effectsRunning } = engine.status();
    const waiting =
      Object.values({ ...effectsQueued }).reduce((sum, n) => sum + n, 0) +
      Object.values(effectsRunning).reduce((sum, n) => sum + n, 0);
    console.log(JSON.stringify({ watched: waiting, rssMb: process.memoryUsage().rss / 1e6 }));
    await new Promise(() => setInterval(() => {}, 1_000));
  },
  { directory, hold: true },
);
