/**
 * Loss of power: the engine is killed, and its directory becomes what a disk would have of it, with only the synced
 * data certain. First the whole program, then the store alone under large commits, where files are switched and
 * compacted all the time. And the proof that the drill would notice: a disk whose syncs do nothing.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openLevelStore } from "../../src/persistence/open-level-store.ts";
import { audit } from "../crash/support/audit.ts";
import { completeRevision } from "../persistence/support/commits.ts";
import { until } from "../support/poll.ts";
import { Random } from "../support/random.ts";
import { drill } from "./drill.ts";
import { pause, type Judge } from "./support/judge.ts";
import { Payer } from "./support/payer.ts";
import { readRecording } from "./support/recording.ts";
import { Rig } from "./support/rig.ts";
import { Shim } from "./support/shim.ts";
import { VolatileDisk, type Cut } from "./support/volatile-disk.ts";

const START_SHARE = 0.15;
/** In starts; the thread that signs needs about as long as a start. */
const LIFE_PER_START = 3;
const IN_FLIGHT = 10;
const WALLET_SHARE = 0.2;
const TROUBLE = { "accept-then-reset": 10, "server-busy": 5, "accept-then-drop": 3 };
const STORE_WRITER = join(import.meta.dirname, "../persistence/support/commit-forever.ts");
/** Characters per commit: a new log and a new table about every 160 commits. */
const STORE_COMMIT = 200_000;
const CUTS_PER_STORE = 4;

export const powerCut = drill({
  proves: "loss of power at any time: what was acknowledged is there, and everybody is paid, and once",
  options: {
    cuts: { initial: 40, minimum: 1, maximum: 100_000, meaning: "how often the power fails under the engine" },
    "store-cuts": { initial: 12, minimum: 0, maximum: 100_000, meaning: "and under the store alone" },
    strict: {
      initial: 0,
      minimum: 0,
      maximum: 1,
      meaning: "1: a file's name is durable only when its folder is synced",
    },
    seed: { initial: 1, minimum: 1, maximum: 999_999_999, meaning: "what the cuts leave; their time is chance" },
  },
  async run(judge, { cuts, "store-cuts": storeCuts, strict, seed }) {
    const random = new Random(seed);
    const rig = await Rig.open();
    try {
      await new EngineCuts(rig, judge, { random, strict: strict === 1 }).run(cuts);
    } finally {
      await rig.close();
    }
    if (storeCuts > 0) await cutStore(judge, storeCuts, { random, strict: strict === 1 });
    await lieAndNotice(judge, random);
  },
});

type Manner = { readonly random: Random; readonly strict: boolean };

class Tally {
  cuts = 0;
  volatileNames = 0;
  lostNames = 0;
  volatileFiles = 0;
  /** Recordings that did not give the directory that the kill had left. */
  readonly unlike: string[] = [];

  add(cut: Cut): void {
    this.cuts += 1;
    this.volatileNames += cut.volatileNames;
    this.lostNames += cut.lostNames;
    this.volatileFiles += cut.volatileFiles;
  }
}

/** The directory of a program that records, between one start and the cut. */
class Recorded {
  private readonly disk: VolatileDisk;
  private readonly file: string;

  private constructor(disk: VolatileDisk, file: string) {
    this.disk = disk;
    this.file = file;
  }

  /** `file` is where the program writes its recording. */
  static async from(root: string, file: string, strict: boolean): Promise<Recorded> {
    await rm(file, { force: true });
    return new Recorded(await VolatileDisk.of(root, { strict }), file);
  }

  async replay(): Promise<string[]> {
    const bytes = await readFile(this.file).catch(() => Buffer.alloc(0));
    for (const change of readRecording(bytes)) this.disk.apply(change);
    return this.disk.differences();
  }

  cut(random: Random, options: { forgets?: boolean } = {}): Promise<Cut> {
    return this.disk.cut(random, options);
  }
}

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

/** Commits of 200 kB as fast as they go: logs are switched, tables written and compacted when the power fails. */
async function cutStore(judge: Judge, cuts: number, { random, strict }: Manner): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "lucid-drill-"));
  const [root, recording] = [join(directory, "store"), join(directory, "recording")];
  const tally = new Tally();
  const lost: string[] = [];
  let acknowledgedInAll = 0;
  let tables = 0;
  try {
    const shim = await Shim.build(directory);
    for (let cut = 0; cut < cuts; cut += 1) {
      if (cut % CUTS_PER_STORE === 0) {
        await rm(root, { recursive: true, force: true });
        await mkdir(root);
      }
      const recorded = await Recorded.from(root, recording, strict);
      const writer = spawn(process.execPath, [STORE_WRITER, root, String(STORE_COMMIT)], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { PATH: process.env["PATH"], ...shim.environment(root, recording) },
      });
      const acknowledged = await cutAfter(writer, 20 + random.below(500));
      const differences = await recorded.replay();
      if (differences.length > 2) tally.unlike.push(`store cut ${cut + 1}: ${differences.join(" ")}`);
      tally.add(await recorded.cut(random));
      const revision = await revisionOf(root).catch((error: unknown) => `${String(error)}`);
      acknowledgedInAll += acknowledged.count;
      tables += (await readdir(root)).filter((name) => name.endsWith(".ldb")).length;
      if (typeof revision === "string") lost.push(`cut ${cut + 1}: ${revision}`);
      else if (revision < acknowledged.last)
        lost.push(`cut ${cut + 1}: ${acknowledged.last} was told, ${revision} is there`);
      // What cannot be opened, or lost something, is no beginning for another cut.
      if (lost.length > 0) cut += CUTS_PER_STORE - (cut % CUTS_PER_STORE) - 1;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  judge.empty("a store opens after each cut and has every acknowledged commit, whole", lost);
  judge.empty("each recording of the store is the directory that the kill left", tally.unlike);
  judge.did("commits acknowledged before cuts of the store", acknowledgedInAll, 20);
  judge.table({
    "cuts under the store": tally.cuts,
    "commits of 200 kB acknowledged": acknowledgedInAll,
    "table files found": tables,
    "files with unsynced data, all cuts": tally.volatileFiles,
    "unsynced names, of them lost": `${tally.volatileNames}, ${tally.lostNames}`,
  });
}

async function cutAfter(writer: ReturnType<typeof spawn>, wanted: number): Promise<{ last: number; count: number }> {
  if (writer.stdout === null) throw new Error("the writer has no output");
  const seen = { last: 0, count: 0 };
  for await (const line of createInterface({ input: writer.stdout })) {
    seen.last = Number(line);
    seen.count += 1;
    if (seen.count === wanted) writer.kill("SIGKILL");
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
  if (writer.signalCode !== "SIGKILL") throw new Error(`the writer ended by itself: ${writer.exitCode}`);
  return seen;
}

async function revisionOf(root: string): Promise<number> {
  const { store, verify } = await openLevelStore({ directory: root });
  try {
    await verify();
    return await completeRevision(store, () => STORE_COMMIT);
  } finally {
    await store.close();
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
    await payer.lookAtAll({ alsoEnded: true });
    await payer.repeatAll();
    const doubled = await until("a second payment", async () => {
      const payments = await rig.devnet.payments(rig.wallet.address);
      const found = audit([...payer.told.values()], payments).doubled;
      return found.length > 0 && found;
    }).catch(() => []);
    judge.holds("control: a disk that ignores syncs is noticed by what the engine said", payer.complaints.length > 0);
    judge.holds("control: a disk that ignores syncs is noticed by its second payment", doubled.length > 0);
  } finally {
    await rig.close();
  }
}
