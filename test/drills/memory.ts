/**
 * Too little memory. With the limit of a small container and the flags of the image the engine lives: whoever exceeds
 * the limit is killed, as the kernel does it, and nobody is. And when it dies for lack of memory after all, in the
 * middle of its work, nothing is lost.
 */
import { drill } from "./drill.ts";
import { count, counted, pause, type Judge } from "./support/judge.ts";
import { residentMb } from "./support/memory.ts";
import { Payer } from "./support/payer.ts";
import { Rig } from "./support/rig.ts";

/** As in the image; the young generation is that of every start. */
const IMAGE_FLAGS = ["--max-old-space-size=512"];
const LOOK_MS = 100;
/** A heap that cannot hold what the work needs. */
const STARVED_FLAGS = ["--max-old-space-size=18"];

export const memory = drill({
  proves: "within the memory of a small container it lives; a death for lack of memory loses nothing",
  options: {
    "limit-mb": { initial: 512, minimum: 64, maximum: 65_536, meaning: "resident memory of the container" },
    payouts: { initial: 1_000, minimum: 10, maximum: 900_000, meaning: "payouts in all" },
    lanes: { initial: 200, minimum: 1, maximum: 10_000, meaning: "of them under way at a time" },
    deaths: { initial: 5, minimum: 1, maximum: 10_000, meaning: "for lack of memory, in the second part" },
  },
  async run(judge, { "limit-mb": limit, payouts, lanes, deaths }) {
    const rig = await Rig.open();
    try {
      const payer = new Payer(rig);
      const highest = await withinTheLimit({ rig, payer, judge }, { limit, payouts, lanes });
      const ends = await starve({ rig, payer }, { deaths, lanes: Math.min(lanes, 50) });
      const result = await payer.settle(judge);
      judge.did(
        "deaths for lack of memory",
        [...ends.values()].reduce((sum, each) => sum + each, 0),
        deaths,
      );
      judge.did("payouts paid", result.paid, payouts);
      judge.table({
        "limit, MB": limit,
        "highest resident memory, MB": highest.toFixed(0),
        "deaths of the starved engine": counted(ends),
        "payments on the chain": result.paid,
      });
    } finally {
      await rig.close();
    }
  },
});

type Stage = { readonly rig: Rig; readonly payer: Payer };

/** Returns the highest resident memory. */
async function withinTheLimit(
  { rig, payer, judge }: Stage & { judge: Judge },
  { limit, payouts, lanes }: { limit: number; payouts: number; lanes: number },
): Promise<number> {
  rig.start({}, IMAGE_FLAGS);
  await rig.ready();
  const goesOn = () => payer.ended < payouts && rig.engine?.over === undefined;
  const paying = payer.payWhile(goesOn, lanes);
  let highest = 0;
  while (goesOn()) {
    await pause(LOOK_MS);
    highest = Math.max(highest, (await residentMb(rig.engine?.pid)) ?? 0);
    if (highest > limit) await rig.kill();
  }
  judge.holds(
    `${payouts} payouts within ${limit} MB`,
    highest <= limit && rig.engine?.over === undefined,
    `${highest} MB`,
  );
  if (rig.engine?.over !== undefined) rig.start();
  await paying;
  await rig.stop();
  return highest;
}

/** V8 ends the process when its heap is full. */
async function starve({ rig, payer }: Stage, { deaths, lanes }: { deaths: number; lanes: number }) {
  const ends = new Map<string, number>();
  let goesOn = true;
  let engine = rig.start({}, STARVED_FLAGS);
  const paying = payer.payWhile(() => goesOn, lanes);
  for (let death = 0; death < deaths; death += 1) {
    const code = await engine.gone();
    const isHeap = engine.output.includes("JavaScript heap out of memory");
    if (!isHeap) throw new Error(`it ended with ${code} for another reason: ${engine.output}`);
    count(ends, `${code}, heap out of memory`);
    engine = rig.start({}, death + 1 < deaths ? STARVED_FLAGS : []);
  }
  await rig.ready();
  goesOn = false;
  await paying;
  return ends;
}
