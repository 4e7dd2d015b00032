/** `node bench/endurance.ts [payouts] [directory]`: memory over many lifecycles, and a start on what they left behind. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { runLifecycles, withEngine } from "./lifecycle.ts";
import { startOn } from "./recovery.ts";

const [, , payouts = "1000000", kept] = process.argv;
const total = Number(payouts);
const slice = Math.max(1, Math.round(total / 10));
const directory = kept ?? (await mkdtemp(join(tmpdir(), "lucid-endurance-")));
await withEngine(
  async (engine) => {
    for (let done = 0; done < total; done += slice) {
      const { perSecond } = await runLifecycles(engine, { total: slice, inFlight: 256, prefix: `e${done}` });
      const peak = process.memoryUsage().rss;
      const { rss, heapUsed } = await collected();
      console.log(
        `${done + slice} payouts, ${Math.round(perSecond)}/s, resident ${mb(peak)} MB, at rest ${mb(rss)} MB, of it without mapped files ${await anonymousMb()} MB, heap ${mb(heapUsed)} MB`,
      );
    }
  },
  { directory },
);
for (const which of ["first", "second"]) {
  const { readyMs, rssMb } = await startOn(directory);
  console.log(`${which} start with ${total} finished payouts: ${Math.round(readyMs)} ms, ${Math.round(rssMb)} MB`);
}
if (kept === undefined) await rm(directory, { recursive: true, force: true });
process.exit(0);

/** V8 keeps what it once had until it is told, or runs short; at rest counts what is really held. */
async function collected(): Promise<NodeJS.MemoryUsage> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  for (let i = 0; i < 3 && typeof collect === "function"; i += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return process.memoryUsage();
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** Resident memory without LevelDB's table files, which the kernel maps and may drop at any time. */
async function anonymousMb(): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const [, kilobytes = "0"] = /RssAnon:\s+(\d+)/.exec(await readFile("/proc/self/status", "utf8")) ?? [];
  return Math.round((Number(kilobytes) * 1_024) / 1e6);
}
