/**
 * `kill -9` of the real binary, while it works and while it starts, with a chain in another process whose node loses
 * answers. And the proof that the drill would notice: an engine whose store forgets what it did pays again.
 */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../support/poll.ts";
import { drill } from "./drill.ts";
import { counted, pause, type Judge } from "./support/judge.ts";
import { Payer } from "./support/payer.ts";
import { Rig } from "./support/rig.ts";

/** Of all kills, those that come before the engine is ready. */
const START_SHARE = 0.25;
/** An engine lives at most so many times as long as its start took: the thread that signs needs about as long again. */
const LIFE_PER_START = 2;
const IN_FLIGHT = 12;
/** Answers of the node that are lost, late or wrong, in percent of the broadcasts. */
const TROUBLE = {
  "accept-then-reset": 10,
  "answer-dup": 5,
  "server-busy": 5,
  "reset-before-accept": 5,
  "p2p-failed": 5,
  "accept-then-drop": 3,
};

export const kill9 = drill({
  proves: "kill -9 at any time, start-up too: everybody is paid, and once",
  options: {
    kills: { initial: 100, minimum: 1, maximum: 100_000, meaning: "how often the engine is killed" },
  },
  async run(judge, { kills }) {
    const rig = await Rig.open();
    try {
      await killAndJudge(rig, judge, kills);
    } finally {
      await rig.close();
    }
    await forgetAndNotice(judge);
  },
});

async function killAndJudge(rig: Rig, judge: Judge, kills: number): Promise<void> {
  const payer = new Payer(rig);
  await rig.devnet.spoil(TROUBLE);
  let raging = true;
  rig.start();
  const paying = payer.payWhile(() => raging, IN_FLIGHT);
  let early = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    if (Math.random() < START_SHARE) {
      await pause(Math.random() * rig.startMs);
      if (rig.address === undefined) early += 1;
    } else {
      await rig.ready();
      await pause(Math.random() * LIFE_PER_START * rig.startMs);
    }
    await rig.kill();
    rig.start();
    if (kill % 50 === 0) judge.say(`${kill} kills, ${payer.accepted} payouts, ${payer.ended} of them over`);
  }
  raging = false;
  await paying;
  const result = await payer.settle(judge);
  judge.did("kills", rig.starts - 2, kills);
  judge.did("of them before it was ready", early, Math.floor(kills * START_SHARE * 0.4));
  judge.did("payouts paid", result.paid, Math.max(4, Math.floor(kills / 4)));
  judge.table({
    kills,
    "before it was ready": early,
    "payouts accepted": payer.accepted,
    "their ends": counted(payer.statuses()),
    "payments on the chain": result.paid,
    "requests sent again": rig.client.repeated,
    "a start until it is ready, ms": Math.round(rig.startMs),
  });
}

/** The disk of this engine loses everything since its start: what the drill must notice. */
async function forgetAndNotice(judge: Judge): Promise<void> {
  const rig = await Rig.open();
  const store = join(rig.dataDir, "store");
  const kept = join(rig.directory, "kept");
  try {
    await cp(store, kept, { recursive: true });
    rig.start();
    const payer = new Payer(rig);
    for (let order = 0; order < 3; order += 1) await payer.order();
    await until("a payment", async () => (await rig.devnet.payments(rig.wallet.address)).length > 0);
    await rig.kill();
    await rm(store, { recursive: true });
    await cp(kept, store, { recursive: true });
    rig.start();
    const doubled = await payer.secondPayments();
    judge.holds("control: an engine that forgets is noticed by what it said", payer.complaints.length > 0);
    judge.holds("control: an engine that forgets is noticed by its second payment", doubled.length > 0);
  } finally {
    await rig.close();
  }
}
