/**
 * Loss of power: the engine is killed, and its directory becomes what a disk would have of it, with only the synced
 * data certain. First under a program at work, then under first starts, then under the store alone with large commits,
 * where files are switched and compacted all the time. And the proof that the drill would notice: a disk whose syncs do nothing.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../support/poll.ts";
import { Random } from "../support/random.ts";
import { drill } from "./drill.ts";
import { cutFirstStarts } from "./power-cut/first-start.ts";
import { Recorded, Tally, type Manner } from "./power-cut/recorded.ts";
import { cutStore } from "./power-cut/store.ts";
import { pause, type Judge } from "./support/judge.ts";
import { Payer } from "./support/payer.ts";
import { Rig } from "./support/rig.ts";
import { Shim } from "./support/shim.ts";

const START_SHARE = 0.15;
/** In starts; the thread that signs needs about as long as a start. */
const LIFE_PER_START = 3;
const IN_FLIGHT = 10;
const WALLET_SHARE = 0.2;
const TROUBLE = { "accept-then-reset": 10, "server-busy": 5, "accept-then-drop": 3 };

export const powerCut = drill({
  proves: "loss of power at any time: what was acknowledged is there, and everybody is paid, and once",
  options: {
    cuts: { initial: 40, minimum: 1, maximum: 100_000, meaning: "how often the power fails under the engine" },
    "first-cuts": {
      initial: 6,
      minimum: 0,
      maximum: 100_000,
      meaning: "and under the first start on an empty directory",
    },
    "store-cuts": { initial: 12, minimum: 0, maximum: 100_000, meaning: "and under the store alone" },
    strict: {
      initial: 0,
      minimum: 0,
      maximum: 1,
      meaning: "1: a file's name is durable only when its folder is synced",
    },
    seed: { initial: 1, minimum: 1, maximum: 999_999_999, meaning: "what the cuts leave; their time is chance" },
  },
  async run(judge, { cuts, "first-cuts": firstCuts, "store-cuts": storeCuts, strict, seed }) {
    const random = new Random(seed);
    const manner = { random, strict: strict === 1 };
    const rig = await Rig.open();
    try {
      await new EngineCuts(rig, judge, manner).run(cuts);
      if (firstCuts > 0) await cutFirstStarts(rig, judge, { ...manner, cuts: firstCuts });
    } finally {
      await rig.close();
    }
    if (storeCuts > 0) await cutStore(judge, storeCuts, manner);
    await lieAndNotice(judge, random);
  },
});

class EngineCuts {
  private readonly rig: Rig;
  private readonly judge: Judge;
  private readonly manner: Manner;
  private readonly tally = new Tally();
  private readonly wallets = new Map<string, string>();
  private readonly lostWallets: string[] = [];

  constructor(rig: Rig, judge: Judge, manner: Manner) {
    this.rig = rig;
    this.judge = judge;
    this.manner = manner;
  }

  async run(cuts: number): Promise<void> {
    const { rig, judge, tally, manner } = this;
    const shim = await Shim.build(rig.directory);
    const recording = join(rig.directory, "recording");
    const environment = shim.environment(rig.dataDir, recording);
    const payer = new Payer(rig);
    await rig.devnet.spoil(TROUBLE);
    let raging = true;
    let early = 0;
    // Nobody asks while the directory is being rebuilt, but the customers go on as soon as there is an engine.
    const paying = payer.payWhile(() => raging, IN_FLIGHT);
    for (let cut = 1; cut <= cuts; cut += 1) {
      const recorded = await Recorded.from(rig.dataDir, recording, manner.strict);
      rig.start(environment);
      if (manner.random.chance(START_SHARE)) {
        await pause(manner.random.next() * rig.startMs);
        if (rig.address === undefined) early += 1;
      } else {
        await rig.ready();
        await payer.lookAtAll();
        if (manner.random.chance(WALLET_SHARE)) await this.makeWallet(cut);
        await pause(manner.random.next() * LIFE_PER_START * rig.startMs);
      }
      await rig.kill();
      this.compare(await recorded.replay());
      tally.add(await recorded.cut(manner.random));
      if (cut % 20 === 0) judge.say(`${cut} cuts, ${payer.accepted} payouts, ${payer.ended} of them over`);
    }
    rig.start();
    await rig.ready();
    raging = false;
    await paying;
    await this.lookAtWallets();
    const result = await payer.settle(judge);
    judge.empty("a wallet that was made has its key", this.lostWallets);
    judge.empty("each recording is the directory that the kill left", tally.unlike);
    judge.did("cuts", tally.cuts, cuts);
    judge.did("cuts with something to lose", tally.volatileFiles + tally.volatileNames, 1);
    judge.did("payouts paid", result.paid, Math.max(2, Math.floor(cuts / 4)));
    judge.table({
      "cuts under the engine": cuts,
      "before it was ready": early,
      "files with unsynced data, all cuts": tally.volatileFiles,
      "unsynced names, of them lost": `${tally.volatileNames}, ${tally.lostNames}`,
      "payouts accepted, paid on the chain": `${payer.accepted}, ${result.paid}`,
      "wallets made": this.wallets.size,
    });
  }

  /** One change may have been made and not recorded when the kill came (S2 of the shim); a rename has two names. */
  private compare(differences: readonly string[]): void {
    if (differences.length > 2) this.tally.unlike.push(`cut ${this.tally.cuts + 1}: ${differences.join(" ")}`);
  }

  private async makeWallet(cut: number): Promise<void> {
    const { id, address } = await this.rig.client.createWallet({ name: `side ${cut}` });
    this.wallets.set(id, address);
  }

  private async lookAtWallets(): Promise<void> {
    const files = await readdir(join(this.rig.dataDir, "keys"));
    for (const [id, address] of this.wallets) {
      const answer = await this.rig.client.insist<{ address: string }>("GET", `/api/v1/tron/wallets/${id}`);
      const isThere = answer.status === 200 && answer.body.address === address;
      if (!isThere || !files.includes(`wallet-${id}.${address}.json`)) this.lostWallets.push(id);
    }
  }
}

/** The syncs of this disk do nothing, as if the store did not ask for them: what the drill must notice. */
async function lieAndNotice(judge: Judge, random: Random): Promise<void> {
  const rig = await Rig.open();
  const recording = join(rig.directory, "recording");
  try {
    const shim = await Shim.build(rig.directory);
    const recorded = await Recorded.from(rig.dataDir, recording, false);
    rig.start(shim.environment(rig.dataDir, recording));
    const payer = new Payer(rig);
    for (let order = 0; order < 3; order += 1) await payer.order();
    await until("a payment", async () => (await rig.devnet.payments(rig.wallet.address)).length > 0);
    await rig.stop();
    // Nothing was in flight: the recording has to be the directory, to the last byte.
    judge.empty("the recording of an engine that was stopped is its directory, byte for byte", await recorded.replay());
    await recorded.cut(random, { forgets: true });
    rig.start();
    const doubled = await payer.secondPayments();
    judge.holds("control: a disk that ignores syncs is noticed by what the engine said", payer.complaints.length > 0);
    judge.holds("control: a disk that ignores syncs is noticed by its second payment", doubled.length > 0);
  } finally {
    await rig.close();
  }
}
