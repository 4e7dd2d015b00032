/** Hours of steady work: the memory of the engine stays what it was. */
import { drill } from "./drill.ts";
import { pause } from "./support/judge.ts";
import { residentMb, trend, type Sample } from "./support/memory.ts";
import { Payer } from "./support/payer.ts";
import { Rig } from "./support/rig.ts";

const SAMPLES = 240;
/** Heaps and caches grow until they have their size; the line is drawn through what comes after. */
const WARM_UP_SHARE = 0.34;
const GROWTH_MAX = 0.1;

export const soak = drill({
  proves: "steady work for hours: memory is flat, everybody is paid once",
  options: {
    hours: { initial: 0.1, minimum: 0.02, maximum: 1_000, meaning: "how long", fractions: true },
    lanes: { initial: 6, minimum: 1, maximum: 1_000, meaning: "payouts under way at a time" },
  },
  async run(judge, { hours, lanes }) {
    const rig = await Rig.open();
    try {
      rig.start();
      await rig.ready();
      const payer = new Payer(rig);
      const begun = performance.now();
      const lengthMs = hours * 3_600_000;
      const left = () => begun + lengthMs - performance.now();
      const paying = payer.payWhile(() => left() > 0, lanes, 50);
      const samples: Sample[] = [];
      while (left() > 0) {
        await pause(Math.min(left(), Math.max(1_000, lengthMs / SAMPLES)));
        const mb = await residentMb(rig.engine?.pid);
        if (mb !== undefined) samples.push({ seconds: (performance.now() - begun) / 1_000, mb });
        if (samples.length % 30 === 0) judge.say(`${mb?.toFixed(0)} MB, ${payer.ended} payouts over`);
      }
      await paying;
      const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
      const { slopeMbPerHour, mean } = trend(warm);
      const growth = slopeMbPerHour * hours * (1 - WARM_UP_SHARE);
      judge.holds("the engine that began is the one that runs", rig.engine?.over === undefined && rig.starts === 2);
      judge.holds(
        `memory grew by less than ${GROWTH_MAX * 100} % of its mean in the last two thirds`,
        growth < GROWTH_MAX * mean,
        `${growth.toFixed(1)} MB of ${mean.toFixed(0)} MB`,
      );
      const result = await payer.settle(judge);
      judge.did("samples of memory", warm.length, 30);
      judge.did("payouts paid", result.paid, lanes);
      judge.table({
        hours,
        "payments on the chain": result.paid,
        "resident at the end of warming up, at the end, MB": `${warm[0]?.mb.toFixed(0)}, ${warm.at(-1)?.mb.toFixed(0)}`,
        "mean, highest, MB": `${mean.toFixed(0)}, ${Math.max(...samples.map(({ mb }) => mb)).toFixed(0)}`,
        "slope of the line, MB/h": slopeMbPerHour.toFixed(1),
        "growth in the last two thirds, MB": growth.toFixed(1),
      });
    } finally {
      await rig.close();
    }
  },
});
