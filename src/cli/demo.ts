/**
 * Pays a CSV file through the public API, waits for solidified blocks, and checks the result on the chain itself:
 * `node src/cli/demo.ts [file.csv] [options]`. `--help` lists the options and the exit codes.
 */
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isFault } from "../domain/errors.ts";
import { add, ZERO } from "../domain/money.ts";
import { loadConfig, type Config } from "../operations/config.ts";
import { ChainWitness } from "./chain-witness.ts";
import { conclude } from "./conclusion.ts";
import { EXIT, readOptions, USAGE, type DemoOptions } from "./demo-options.ts";
import { EngineClient, EngineRefusal } from "./engine-client.ts";
import { findOrStartEngine, type Engine } from "./engine-process.ts";
import {
  paymentsTo,
  readAvailable,
  readNetwork,
  readWallet,
  type BatchProgress,
  type NetworkFacts,
  type Payer,
} from "./engine-view.ts";
import { followOrder } from "./follow-order.ts";
import { findRepeated, lineKey, readMemo, removeMemo, writeMemo, type OrderMemo } from "./order-memo.ts";
import { judgeAmounts, readPayoutFile, type FileProblem, type PayoutLine } from "./payout-file.ts";
import { orderOf, type PayoutOrder } from "./payout-order.ts";
import { describeProblems } from "./problems.ts";
import { Progress } from "./progress.ts";
import { grouped } from "./report.ts";
import { isAccepted, Refused, sendOrder } from "./send-order.ts";
import { Stop } from "./stop.ts";
import { judgeOnChain } from "./verdict.ts";
import { accessOf } from "./witness-access.ts";
import { paceOf, WitnessNode } from "./witness-node.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/payouts.csv", import.meta.url));
const DEVNET_WALLET = "wal_treasury";

const pause = (ms: number): Promise<void> => sleep(ms);

type Job = {
  readonly options: DemoOptions;
  readonly config: Config;
  /** As the user would name it. */
  readonly file: string;
  readonly lines: readonly PayoutLine[];
  readonly progress: Progress;
};
type Place = {
  readonly engine: EngineClient;
  readonly network: NetworkFacts;
  readonly payer: Payer;
  readonly witness: ChainWitness;
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const progress = new Progress({
    isTerminal: process.stdout.isTTY,
    columns: process.stdout.columns,
    write: (text) => process.stdout.write(text),
  });
  let engine: Engine | undefined;
  try {
    const options = readOptions(args);
    if (options === undefined) {
      process.stdout.write(USAGE);
      return EXIT.ok;
    }
    const config = loadConfig(process.env);
    const job = { options, config, progress, ...(await readLines(options)) };
    engine = await openEngine(job);
    return await pay(job, engine.url);
  } catch (error) {
    progress.end();
    process.stderr.write(`${explain(error)}\n`);
    return exitCodeOf(error);
  } finally {
    await engine?.stop();
  }
}

/** The file is judged before an engine is even looked for. */
async function readLines({ file }: DemoOptions): Promise<{ file: string; lines: readonly PayoutLine[] }> {
  const path = file ?? EXAMPLE;
  const name = file ?? relative(process.cwd(), EXAMPLE);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Stop(EXIT.usage, `cannot read ${name}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const read = readPayoutFile(bytes);
  if (!read.ok) throw wrongFile(name, read.problems);
  return { file: name, lines: read.lines };
}

async function openEngine({ options, config, progress }: Job): Promise<Engine> {
  const { host, port } = config.service;
  const where = {
    url: options.url,
    host,
    port,
    dataDir: config.dataDir,
    env: process.env,
    patienceMs: options.waitMs,
    say: (text: string) => progress.say(text),
  };
  const engine = await findOrStartEngine(where);
  // The terminal sends Ctrl-C to the engine as well when it is a child; this waits until it has stopped in order.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void engine.stop().then(() => process.exit(130)));
  return engine;
}

async function pay(job: Job, url: string): Promise<number> {
  const place = await enter(job, url);
  const { payer, network } = place;
  const order = orderOf(job.lines, { walletId: payer.id, genesisId: network.genesisId });
  await refuseRepeated(job, { order, place });
  await introduce(job, { url, place });
  const noted = await remember(job, { order, place });
  const batches = await send(job, { order, place, ...noted });
  const { block, balances } = noted.memo;
  const before = balances === undefined ? undefined : { block, balances };
  const batchIds = batches.map(({ id }) => id);
  const followed = await followOrder(place.engine, batchIds, { progress: job.progress, waitMs: job.options.waitMs });
  job.progress.end();
  const sources = {
    witness: place.witness,
    paymentsTo: (address: string) => paymentsTo(place.engine, address),
    pause,
  };
  const verdict = await judgeOnChain(
    { lines: job.lines, payouts: followed.payouts, payerAddress: payer.address, before },
    sources,
  );
  return conclude({ ...followed, lines: job.lines, verdict, balancesKnown: before !== undefined }, job.progress);
}

/** Where we are and who pays; everything that can be refused without sending anything is refused here. */
async function enter(job: Job, url: string): Promise<Place> {
  const { options, config, file, lines, progress } = job;
  const token = await readToken(config);
  const engine = new EngineClient({ url, token, patienceMs: options.waitMs, say: (text) => progress.say(text) });
  const network = await readNetwork(engine);
  await refuseExample(job, network);
  const walletId = options.wallet ?? (network.name === "devnet" ? DEVNET_WALLET : undefined);
  if (walletId === undefined)
    throw new Stop(EXIT.usage, `name the wallet that pays: --wallet <id>, see GET ${url}/api/v1/tron/wallets`);
  const payer = await readWallet(engine, walletId);
  const problems = judgeAmounts(lines, payer);
  if (problems.length > 0) throw wrongFile(file, problems);
  return { engine, network, payer, witness: await openWitness(job, network) };
}

async function openWitness({ options, config, progress }: Job, network: NetworkFacts): Promise<ChainWitness> {
  const access = accessOf(config.chain, { given: options.node, known: network.nodeUrl });
  if (access === undefined) throw new Stop(EXIT.usage, "name a TRON node to check the result against: --node <url>");
  const node = new WitnessNode(
    { ...access, perSecond: paceOf(access, network.name) },
    { now: () => Date.now(), pause, say: (text) => progress.say(text) },
  );
  const witness = new ChainWitness({ node, usdtContract: network.usdtContract });
  if ((await witness.genesisId()) !== network.genesisId)
    throw new Stop(EXIT.usage, `${node.name} is a node of another chain than the engine's`);
  return witness;
}

async function readToken({ dataDir }: Config): Promise<string> {
  const given = process.env["LUCID_TOKEN"];
  if (given !== undefined && given !== "") return given;
  const path = join(dataDir, "first-token");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined)
    throw new Stop(EXIT.usage, `no API token: set LUCID_TOKEN, or DATA_DIR to the engine's own (there is no ${path})`);
  return text.trim();
}

/** Nobody holds the keys of the example's addresses: money sent there is lost, whatever file names them. */
async function refuseExample({ file, lines }: Job, network: NetworkFacts): Promise<void> {
  if (network.name === "devnet") return;
  const example = readPayoutFile(await readFile(EXAMPLE));
  const lost = new Set(example.ok ? example.lines.map(({ address }) => address) : []);
  const message = `nobody holds the key of this example address; money sent there on ${network.name} is lost`;
  const problems = lines
    .filter(({ address }) => lost.has(address))
    .map(({ line }) => ({ line, column: "address", message }));
  if (problems.length > 0) throw wrongFile(file, problems);
}

type Ordering = { readonly order: PayoutOrder; readonly place: Place };

async function refuseRepeated({ options, config, lines, file }: Job, { order, place }: Ordering): Promise<void> {
  if (options.again || (await readMemo(config.dataDir, order.id)) !== undefined) return;
  const { payer, network } = place;
  const repeated = await findRepeated(config.dataDir, {
    id: order.id,
    walletId: payer.id,
    genesisId: network.genesisId,
    lines,
  });
  if (repeated === undefined) return;
  const message = `also in ${repeated.file}, which was sent before`;
  const problems = repeated.lines.map(({ line }) => ({ line, column: "", message }));
  throw new Stop(
    EXIT.file,
    `Nothing was sent: ${repeated.lines.length} of ${lines.length} lines would be paid a second time. A changed file is a new order.\n${describeProblems(file, problems)}\nKeep only the new lines, or add --again if these are to be paid once more.`,
  );
}

async function introduce({ file, lines, progress }: Job, { url, place }: { url: string; place: Place }): Promise<void> {
  const total = lines.reduce((sum, { amount }) => add(sum, amount), ZERO);
  const recipients = new Set(lines.map(({ address }) => address)).size;
  const available = await readAvailable(place.engine, place.payer.id);
  progress.say(`Paying ${file}: ${lines.length} lines, ${grouped(total)} USDT to ${recipients} addresses`);
  progress.say(`  engine       ${url} (${place.network.name})`);
  progress.say(
    `  wallet       ${place.payer.id} ${place.payer.address}${available === undefined ? "" : `, ${grouped(available)} USDT available`}`,
  );
}

type Noted = { readonly memo: OrderMemo; readonly isNew: boolean; readonly wasSent: boolean };

/**
 * Whether the order had been sent is asked before this run sends it, because a replayed answer may be the answer to this
 * run's own first try; and after the balances are read, because an order that is still unknown then had paid nobody.
 */
async function remember({ config, file, lines }: Job, { order, place }: Ordering): Promise<Noted> {
  const known = await readMemo(config.dataDir, order.id);
  if (known !== undefined) return { memo: known, isNew: false, wasSent: await isAccepted(place.engine, order) };
  const { witness, payer, network } = place;
  const block = await witness.solidNumber();
  const balances = await witness.balances([...new Set(lines.map(({ address }) => address))]);
  const wasSent = await isAccepted(place.engine, order);
  const memo = {
    orderId: order.id,
    file,
    genesisId: network.genesisId,
    walletId: payer.id,
    block,
    balances: wasSent ? undefined : balances,
    lines: new Set(lines.map(lineKey)),
  };
  await writeMemo(config.dataDir, memo);
  return { memo, isNew: true, wasSent };
}

async function send(
  { config, file, lines, progress }: Job,
  { order, place, isNew, wasSent }: Ordering & Noted,
): Promise<BatchProgress[]> {
  const sent = await sendOrder(place.engine, order, { walletId: place.payer.id, lines, file }).catch(
    async (error: unknown) => {
      if (isNew && !wasSent && error instanceof Refused) await removeMemo(config.dataDir, order.id);
      throw error;
    },
  );
  const paid = sent.reduce((sum, { byStatus }) => sum + (byStatus.get("confirmed") ?? 0), 0);
  const batches = sent.length === 1 ? "one batch" : `${sent.length} batches`;
  const what = wasSent
    ? `sent before: ${paid} of ${lines.length} already paid, nobody is paid twice`
    : `accepted in ${batches}`;
  progress.say(`  order        ${order.id}, ${what}`);
  return sent;
}

function wrongFile(file: string, problems: readonly FileProblem[]): Stop {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new Stop(EXIT.file, `Nothing was sent: ${count}\n${describeProblems(file, problems)}`);
}

function explain(error: unknown): string {
  if (error instanceof Stop) return error.message;
  if (error instanceof EngineRefusal) return `the engine says ${error.message}`;
  if (isFault(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Stop) return error.exitCode;
  if (error instanceof EngineRefusal) return EXIT.engine;
  return isFault(error) ? EXIT.usage : EXIT.bug;
}
