/** Two engines on one data directory: the second is refused with its code, whenever it comes, and the first goes on. */
import { drill } from "./drill.ts";
import { pause } from "./support/judge.ts";
import { Payer } from "./support/payer.ts";
import { Rig } from "./support/rig.ts";
import { StartedProgram } from "../crash/support/started-program.ts";

const CONFIGURATION_EXIT = 78;
const IN_FLIGHT = 4;

export const twoEngines = drill({
  proves: "a second engine on the same data directory is refused, and the first one goes on",
  options: {
    tries: {
      initial: 5,
      minimum: 1,
      maximum: 10_000,
      meaning: "how often a second one comes, and how often two at once",
    },
  },
  async run(judge, { tries }) {
    const rig = await Rig.open();
    try {
      const payer = new Payer(rig);
      const first = rig.start();
      await rig.ready();
      const { repeated } = rig.client;
      let goesOn = true;
      const paying = payer.payWhile(() => goesOn, IN_FLIGHT);
      const wrong: string[] = [];
      for (let each = 0; each < tries; each += 1) {
        const second = new StartedProgram(rig.environment);
        const code = await second.gone();
        if (!isRefused(code, second.output)) wrong.push(`${code}: ${second.output}`);
        if (first.over !== undefined) wrong.push(`the first one ended with ${first.over}`);
      }
      judge.empty(`a second engine ends with ${CONFIGURATION_EXIT} store_locked and says what to do`, wrong);
      judge.holds("the first one was never disturbed", first.over === undefined && rig.client.repeated === repeated);
      await pause(1_000);
      goesOn = false;
      await paying;
      const both: string[] = [];
      for (let each = 0; each < tries; each += 1) {
        await rig.kill();
        const other = new StartedProgram(rig.environment);
        const one = rig.start();
        const ended = await Promise.race(
          [one, other].map(async (program) => ({ program, code: await program.gone() })),
        );
        const survivor = ended.program === one ? other : one;
        if (!isRefused(ended.code, ended.program.output)) both.push(`${ended.code}: ${ended.program.output}`);
        if (survivor.over !== undefined) both.push(`both ended: ${survivor.output}`);
        // The one that is left is the engine of the next round.
        rig.engine = survivor;
        await rig.ready();
      }
      judge.empty("of two that start at once exactly one stays", both);
      const result = await payer.settle(judge);
      judge.did("payouts paid", result.paid, IN_FLIGHT);
      judge.table({ "second engines refused": tries, "pairs at once": tries, "payments on the chain": result.paid });
    } finally {
      await rig.close();
    }
  },
});

function isRefused(code: number | string, output: string): boolean {
  return code === CONFIGURATION_EXIT && /store_locked: Another process uses the store .*Stop it first/.test(output);
}
