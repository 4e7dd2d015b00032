/** One seed, from its plan to its verdict. */
import { Auditor } from "./auditor.ts";
import { planOf, SLOT_MS, type Fault, type Plan } from "./plan.ts";
import { Restless } from "./scheduler.ts";
import { Story } from "./story.ts";
import { Weather } from "./weather.ts";
import { vacuityOf } from "./tally.ts";
import { TOKENS, World } from "./world.ts";

export type Outcome = {
  readonly seed: number;
  /** What the auditor found, each with the name of its invariant. */
  readonly complaints: readonly string[];
  readonly hash: string;
  readonly payouts: number;
  readonly paid: number;
  readonly crashes: number;
  readonly blocks: number;
  readonly tasks: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly marks: Readonly<Record<string, number>>;
};

/** Slots of peace in which everything has to end: two attempts with their expirations and proofs, and pauses between. */
export const PEACE_SLOTS_MAX = 240;
const LOOK_SLOTS = 2;
/** When the operators have had enough of it. */
const PATIENCE_SLOTS = 12;

/** `faults`: instead of those of the seed. */
export async function runSeed(seed: number, faults?: readonly Fault[]): Promise<Outcome> {
  const planned = planOf(seed);
  const plan: Plan = faults === undefined ? planned : { ...planned, faults };
  const world = await World.open(plan);
  try {
    return await live(world, { plan, isWhole: faults === undefined });
  } finally {
    world.close();
  }
}

/** `isWhole`: with the faults of the seed, which are as many as it claims. */
async function live(world: World, { plan, isWhole }: { plan: Plan; isWhole: boolean }): Promise<Outcome> {
  const { scheduler } = world;
  const story = new Story(world, plan);
  const weather = new Weather(world, plan.faults);
  const auditor = new Auditor(world, { plan, story });
  world.onBlock = () => auditor.block();
  story.begin();
  try {
    await scheduler.run(() => scheduler.now >= plan.busyMs);
    weather.end();
    await peace(world, { story, auditor });
    await act(world, auditor.end());
  } catch (error) {
    if (!(error instanceof Restless)) throw error;
    auditor.complain("liveness", `no end in sight after ${scheduler.tasks} tasks`);
  }
  const { marks } = world;
  const sum = auditor.sum();
  const outcome: Outcome = {
    seed: plan.seed,
    complaints: auditor.complaints,
    hash: world.digest(),
    payouts: sum.accepted,
    paid: sum.paid,
    crashes: world.host.crashes,
    blocks: world.ledger.headNumber(),
    tasks: scheduler.tasks,
    faults: Object.fromEntries(weather.played()),
    marks: Object.fromEntries(marks),
  };
  const vacuity = isWhole ? vacuityOf(outcome) : undefined;
  return vacuity === undefined ? outcome : { ...outcome, complaints: [...outcome.complaints, vacuity] };
}

/** Nothing goes wrong any more, and the operators do what the documentation says: everything has to end. */
async function peace(world: World, { story, auditor }: { story: Story; auditor: Auditor }): Promise<void> {
  const { scheduler } = world;
  for (let slots = 0; slots < PEACE_SLOTS_MAX; slots += LOOK_SLOTS) {
    const until = scheduler.now + LOOK_SLOTS * SLOT_MS;
    await scheduler.run(() => scheduler.now >= until);
    if (world.host.program === undefined) continue;
    if (slots === PATIENCE_SLOTS) await act(world, operatorLooks(world));
    if (story.open > 0 || (await act(world, auditor.isMoving()))) continue;
    const unsettled = await act(world, auditor.unsettled());
    if (unsettled.length === 0) return;
  }
  if (world.host.program === undefined) {
    auditor.complain("starts", world.host.lastRefusal?.message ?? "it is not there");
    throw new Restless();
  }
  const left = story.open > 0 ? [`${story.open} callers still wait`] : await act(world, auditor.unsettled());
  for (const what of left) auditor.complain("liveness", what);
}

/** Lets the world go on until `deed` is done. */
async function act<T>(world: World, deed: Promise<T>): Promise<T> {
  const done: { value?: T } = {};
  void deed.then((value) => (done.value = value));
  await world.scheduler.run(() => "value" in done);
  return deed;
}

/** A follower that stopped, or a node in quarantine, waits for a person by design. */
async function operatorLooks(world: World): Promise<void> {
  const token = TOKENS.operator.text;
  const reply = await world.clients.insist({ method: "GET", path: "/api/v1/tron/network/status", token });
  const isHalted = !reply.text.includes('"halted":null');
  const isQuarantined = reply.text.includes('"state":"quarantined"');
  if (isHalted || isQuarantined)
    await world.clients.insist({ method: "POST", path: "/restart/tron-client", token, body: {} });
}
