/** One seed: a wallet, a few payouts, faults at random, then peace; and what has to be true at the end. */
import type { PayoutView } from "../../src/http/contract/payouts.ts";
import { fromHex41 } from "../../src/tron/address.ts";
import { Random } from "../support/random.ts";
import { ANY_FAULTS, BROADCAST_FAULTS, CLUMSY_LIES, READ_FAULTS, type Tricks } from "./tricks.ts";
import { SOLID_LAG, type World } from "./world.ts";

export type Outcome = {
  readonly seed: number;
  readonly complaints: readonly string[];
  readonly accepted: number;
  readonly paid: number;
  readonly forks: number;
};

const ENDS = new Set(["confirmed", "failed", "needs_attention", "rejected", "cancelled"]);
/** Slots of peace in which everything has to end: an expiration, finality, and a few attempts. */
const PEACE_SLOTS_MAX = 400;

export async function runSeed(world: World, seed: number): Promise<Outcome> {
  const random = new Random(seed * 2_654_435_761);
  const complaints: string[] = [];
  const wallet = await fundedWallet(world, seed);
  const orders = new Map<string, { id: string; to: string }>();
  let forks = 0;
  const wanted = 1 + random.below(3);
  const slots = 6 + random.below(20);
  for (let slot = 0; slot < slots; slot += 1) {
    if (orders.size < wanted && random.chance(0.4)) {
      const order = await pay(world, { wallet: wallet.id, seed, index: orders.size });
      if (order !== undefined) orders.set(order.to, order);
    }
    for (const door of world.doors) trouble(random, door.tricks, { world, mayLie: door === world.liar });
    forks += await weather(world, random);
    await world.slot({ mined: !random.chance(0.1) });
  }
  for (const { id } of orders.values()) {
    const payout = await world.client.payout(id);
    if (!ENDS.has(payout.status) && payout.waiting_for === "") complaints.push(`${id} does not say what it waits for`);
  }
  for (const door of world.doors) door.tricks.heal();
  world.devnet.setCensoring(false);
  const ended = await peace(world, [...orders.values()]);
  for (const { id, to } of orders.values()) complaints.push(...judge(world, { payout: ended.get(id), id, to }));
  complaints.push(...(await judgeLedger(world, wallet)), ...world.denied.splice(0));
  const paid = [...ended.values()].filter(({ status }) => status === "confirmed").length;
  return { seed, complaints, accepted: orders.size, paid, forks };
}

function trouble(random: Random, node: Tricks, { world, mayLie }: { world: World; mayLie: boolean }): void {
  if (random.chance(0.2)) node.arm(random.pick(ANY_FAULTS), 1 + random.below(2));
  if (random.chance(0.3)) node.arm(random.pick(BROADCAST_FAULTS), 1);
  if (random.chance(0.2)) node.arm(random.pick(READ_FAULTS), 1 + random.below(3));
  if (random.chance(0.15)) node.arm(random.pick(CLUMSY_LIES), 1 + random.below(2));
  if (!mayLie) return;
  if (random.chance(0.1)) node.arm("changes a fee", 1 + random.below(3));
  if (random.chance(0.1) && !node.chain.active) {
    const shows = random.chance(0.5) ? "nothing" : "what was lost";
    const fault = shows === "nothing" ? "false branch without" : "false branch with";
    node.played.set(fault, (node.played.get(fault) ?? 0) + 1);
    node.chain.begin({ from: world.devnet.ledger.solidNumber() + 1 + random.below(SOLID_LAG), shows });
  } else if (random.chance(0.1)) {
    node.chain.end();
  }
}

/** Resolves with the number of forks. */
async function weather(world: World, random: Random): Promise<number> {
  const { devnet } = world;
  if (random.chance(0.06)) devnet.missSlots(1 + random.below(15));
  if (random.chance(0.05)) devnet.setCensoring(random.chance(0.5));
  if (!random.chance(0.1)) return 0;
  const depth = 1 + random.below(Math.min(SOLID_LAG, devnet.ledger.headNumber() - devnet.ledger.solidNumber()));
  const how = random.pick([{}, { move: true }, { drop: "all" as const }]);
  await devnet.fork({ depth, length: depth + 1 + random.below(2), ...how });
  return 1;
}

export async function fundedWallet(world: World, seed: number): Promise<{ id: string; address: string }> {
  const { id, address } = await world.client.createWallet({ name: `payer ${seed}`, hot: false });
  await world.devnet.faucet({ address, trxSun: 10_000_000_000n, usdt: 1_000_000_000n });
  await world.devnet.mine(SOLID_LAG + 1);
  for (let tries = 0; tries < 60; tries += 1) {
    await world.slot();
    const { usdt } = await world.client.balance(id, { refresh: true });
    if (usdt.total_units === "1000000000") return { id, address };
  }
  throw new Error(`seed ${seed}: the engine did not see the wallet's money`);
}

/** `undefined`: refused, which promises nothing. */
export async function pay(
  world: World,
  order: { wallet: string; seed: number; index: number },
): Promise<{ id: string; to: string } | undefined> {
  const to = fromHex41(`41${(order.seed * 16 + order.index + 0xd_0000_0000).toString(16).padStart(40, "0")}`);
  const body = { wallet: order.wallet, to, amount: `${20 + order.index}.${order.seed % 1_000}1` };
  const answer = await world.client.ask<PayoutView>("POST", "/api/v1/tron/payouts", {
    body,
    key: `${order.seed}/${order.index}`,
  });
  return answer.status === 202 ? { id: answer.body.id, to } : undefined;
}

/** Nothing goes wrong any more: slots go by until every payout has ended. */
async function peace(world: World, orders: readonly { id: string }[]): Promise<Map<string, PayoutView>> {
  const ended = new Map<string, PayoutView>();
  for (let slot = 0; slot < PEACE_SLOTS_MAX; slot += 1) {
    await world.slot();
    if (slot === 12) await world.operatorLooks();
    if (slot % 6 !== 5) continue;
    for (const { id } of orders) {
      const payout = await world.client.payout(id);
      if (ENDS.has(payout.status)) ended.set(id, payout);
    }
    if (ended.size === orders.length && slot > 12) break;
  }
  return ended;
}

function judge(world: World, { payout, id, to }: { payout: PayoutView | undefined; id: string; to: string }): string[] {
  const paid = world.devnet.ledger.payments({ to, asset: "USDT" }).filter(({ result }) => result === "SUCCESS");
  const complaints: string[] = [];
  if (paid.length > 1) complaints.push(`${id} was paid ${paid.length} times`);
  if (payout === undefined) return [...complaints, `${id} did not end`];
  if (payout.status !== "confirmed") {
    if (paid.length > 0) complaints.push(`${id} is ${payout.status} and was paid`);
    if (payout.reason === null) complaints.push(`${id} is ${payout.status} without a reason`);
    return complaints;
  }
  const [payment] = paid;
  if (payment === undefined) complaints.push(`${id} is confirmed and was not paid`);
  else if (payment.txId !== payout.txid || `${payment.amount}` !== payout.amount_units) {
    complaints.push(`${id} names another payment than the chain has`);
  }
  return complaints;
}

async function judgeLedger(world: World, wallet: { id: string; address: string }): Promise<string[]> {
  let seen = "";
  for (let tries = 0; tries < 30; tries += 1) {
    const { usdt, trx } = await world.client.balance(wallet.id, { refresh: true });
    const { ledger } = world.devnet;
    const real = { usdt: `${ledger.usdt(wallet.address)}`, trx: `${ledger.trx(wallet.address)}` };
    const isFree = [usdt, trx].every((purse) => purse.reserved_units === "0" && purse.in_flight_units === "0");
    if (isFree && usdt.available_units === real.usdt && trx.available_units === real.trx) return [];
    seen = JSON.stringify({ usdt, trx, real });
    await world.slot();
  }
  return [`the wallet's ledger is not the chain's: ${seen}`];
}
