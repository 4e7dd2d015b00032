/**
 * The wall clock of the engine's machine is wrong, and is set while it runs: ten minutes ahead, ten minutes back, and
 * wrong at a start. Whether bytes can still land is decided by the chain's time alone: nobody is paid twice, and
 * nothing waits for a clock.
 */
import { drill } from "./drill.ts";
import { pause } from "./support/judge.ts";
import { Payer } from "./support/payer.ts";
import { Rig } from "./support/rig.ts";
import { Shim } from "./support/shim.ts";

const IN_FLIGHT = 8;
const MINUTE_MS = 60_000;
/** Longer than any pause of the engine between two attempts, shorter than what a clock set back by ten minutes adds. */
const SETTLED_WITHIN_MS = 240_000;
const TROUBLE = { "accept-then-reset": 10, "accept-then-drop": 10, "server-busy": 10 };

export const clockBack = drill({
  proves: "a wall clock that is wrong, or is set while the engine runs: nobody is paid twice, nothing waits for it",
  options: {
    rounds: { initial: 3, minimum: 1, maximum: 10_000, meaning: "times through all movements of the clock" },
    minutes: { initial: 10, minimum: 1, maximum: 100_000, meaning: "how far the clock is moved" },
  },
  async run(judge, { rounds, minutes }) {
    const rig = await Rig.open();
    try {
      const shim = await Shim.build(rig.directory);
      const environment = shim.environment(rig.dataDir);
      const payer = new Payer(rig);
      await rig.devnet.spoil(TROUBLE);
      let goesOn = true;
      const paying = payer.payWhile(() => goesOn, IN_FLIGHT);
      const far = minutes * MINUTE_MS;
      let set = 0;
      const wrongDates: string[] = [];
      const move = async (clockOffsetMs: number) => {
        await shim.steer({ clockOffsetMs });
        set += 1;
        await pause(3 * rig.startMs);
        const seen = await secondsAhead(rig);
        if (Math.abs(seen - clockOffsetMs / 1_000) > 30)
          wrongDates.push(`${seen} s instead of ${clockOffsetMs / 1_000}`);
      };
      for (let round = 0; round < rounds; round += 1) {
        rig.start(environment);
        await rig.ready();
        for (const offset of [far, 0, -far, far, -far]) await move(offset);
        await rig.kill();
        // The next one starts in what it takes for the past of the records that it finds.
        await shim.steer({ clockOffsetMs: -2 * far });
        rig.start(environment);
        await rig.ready();
        await move(-2 * far);
        await rig.kill();
        await shim.steer({ clockOffsetMs: far });
        judge.say(`round ${round + 1}: ${payer.accepted} payouts, ${payer.ended} of them over`);
      }
      await shim.steer({ clockOffsetMs: -2 * far });
      rig.start(environment);
      await rig.ready();
      goesOn = false;
      await paying;
      await rig.devnet.spoil({});
      const begun = performance.now();
      const late = await payer.allEnded(SETTLED_WITHIN_MS).then(
        () => "",
        (error: unknown) => String(error),
      );
      const tookMs = performance.now() - begun;
      judge.holds(`with the clock back, everything ends within ${SETTLED_WITHIN_MS / 1_000} s`, late === "", late);
      await shim.steer({});
      const result = await payer.settle(judge);
      judge.empty("the engine's clock was really moved", wrongDates);
      judge.did("movements of a running clock", set, rounds * 6);
      judge.did("payouts paid", result.paid, IN_FLIGHT);
      judge.table({
        "movements of the clock": set,
        "minutes each": minutes,
        starts: rig.starts,
        "payments on the chain": result.paid,
        "to settle with the clock back, s": Math.round(tookMs / 1_000),
      });
    } finally {
      await rig.close();
    }
  },
});

/** The engine says its time in the Date header of every answer. */
async function secondsAhead(rig: Rig): Promise<number> {
  const { headers } = await rig.client.ask("GET", "/health/live", { token: null });
  return (Date.parse(headers.get("date") ?? "") - Date.now()) / 1_000;
}
