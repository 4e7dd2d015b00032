/** Cuts under the very first start on an empty directory, where keys, tokens and store are made. */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { StartedProgram } from "../../crash/support/started-program.ts";
import { Client } from "../../support/client.ts";
import { until } from "../../support/poll.ts";
import { pause, type Judge } from "../support/judge.ts";
import type { Rig } from "../support/rig.ts";
import { Shim } from "../support/shim.ts";
import { Recorded, Tally, type Manner } from "./recorded.ts";

/** In starts: some cuts come before anything is made, some after the first answers. */
const WITHIN_STARTS = 1.5;

/** The start after the cut has to work without help, and the first token that it names has to open the door. */
export async function cutFirstStarts(rig: Rig, judge: Judge, how: Manner & { readonly cuts: number }): Promise<void> {
  const { cuts, random, strict } = how;
  const shim = await Shim.build(rig.directory);
  const [dataDir, recording] = [join(rig.directory, "fresh"), join(rig.directory, "fresh-recording")];
  const environment = { ...rig.environment, DATA_DIR: dataDir };
  const tally = new Tally();
  const helpless: string[] = [];
  const forgotten: string[] = [];
  let answered = 0;
  for (let cut = 1; cut <= cuts; cut += 1) {
    await rm(dataDir, { recursive: true, force: true });
    await mkdir(dataDir, { mode: 0o700 });
    const recorded = await Recorded.from(dataDir, recording, strict);
    const first = new StartedProgram({ ...environment, ...shim.environment(dataDir, recording) });
    await pause(random.next() * WITHIN_STARTS * rig.startMs);
    const shown = first.url === undefined ? undefined : await token(dataDir);
    await first.end("SIGKILL");
    const differences = await recorded.replay();
    if (differences.length > 2) tally.unlike.push(`first start ${cut}: ${differences.join(" ")}`);
    tally.add(await recorded.cut(random));
    const second = new StartedProgram(environment);
    try {
      await until("a start", () => second.address);
      const client = new Client({ address: () => second.address, dataDir });
      const { status } = await client.ask("GET", "/status");
      if (status !== 200) helpless.push(`first start ${cut}: its token is answered with ${status}`);
      if (shown !== undefined && shown !== (await token(dataDir))) forgotten.push(`first start ${cut}`);
      if (shown !== undefined) answered += 1;
    } catch (error) {
      helpless.push(`first start ${cut}: ${String(error)}`);
    } finally {
      await second.end("SIGKILL");
    }
  }
  judge.empty("after a cut under the first start the next one works without help", helpless);
  judge.empty("a first token that was shown stays", forgotten);
  judge.empty("each recording of a first start is the directory that the kill left", tally.unlike);
  judge.did("cuts under a first start", tally.cuts, cuts);
  judge.table({
    "cuts under a first start": cuts,
    "after it was ready": answered,
    "unsynced names, of them lost": `${tally.volatileNames}, ${tally.lostNames}`,
  });
}

async function token(dataDir: string): Promise<string> {
  return readFile(join(dataDir, "first-token"), "utf8");
}
