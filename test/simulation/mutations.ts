/**
 * Deliberate bugs, one at a time, each as a fragment of the program and what stands there instead. The simulation has to
 * find every one of them; `npm run simulate -- --mutations` runs them and writes docs/simulation.md.
 */
import type { Edit } from "./machine/install.ts";

export type Mutation = { readonly name: string; readonly edits: readonly Edit[] };

const one = (name: string, file: string, fragment: string, replacement: string): Mutation => ({
  name,
  edits: [{ file, fragment, replacement }],
});

const LOOP = "src/actors/loop.ts";
const DISPATCHER = "src/actors/dispatcher.ts";
const TRANSACTION = "src/machines/transaction.machine.ts";
const PAYOUT = "src/machines/payout.machine.ts";
const LEDGER = "src/machines/ledger.ts";
const FOLLOWER = "src/chain/block-follower.ts";
const COVERAGE = "src/chain/coverage.ts";

const ADD = "ports.group.add(result.writes, () => this.committed(envelope, result, stamp), {";
const EXPIRE = "this.#coverage.expire(segment.solid, { ...evidence, nodes: this.#nodes });";

export const MUTATIONS: readonly Mutation[] = [
  one(
    "an effect starts before its commit is on disk",
    LOOP,
    ADD,
    `for (const { step } of result.steps) for (const entry of step.started) ports.dispatcher().start(entry);\n    ${ADD}`,
  ),
  one(
    "a reply leaves before its commit is on disk",
    LOOP,
    ADD,
    `if (result.verdict !== undefined && "keep" in result.verdict) envelope.settle({ end: "committed", verdict: result.verdict });\n    ${ADD}`,
  ),
  one("commits are not synced", "src/persistence/level-key-value.ts", "= { sync: true };", "= { sync: false };"),
  one(
    "expiry by the local clock",
    FOLLOWER,
    EXPIRE,
    "this.#coverage.expire({ ...segment.solid, timestamp: this.#ports.clock.now() }, { ...evidence, nodes: this.#nodes });",
  ),
  one("expiry by the unsolidified head", FOLLOWER, EXPIRE, EXPIRE.replace("segment.solid", "segment.tip")),
  one(
    "absence looked up before the blocks of that solidity are read",
    FOLLOWER,
    "if (evidence !== undefined) await this.#coverage.tellLate(segment, evidence, signal);",
    "if (evidence !== undefined && solid !== undefined) this.#coverage.expire(solid, evidence);\n    if (evidence !== undefined) await this.#coverage.tellLate(segment, evidence, signal);",
  ),
  {
    name: "a transaction is given up half a minute before it expires",
    edits: [
      { file: COVERAGE, fragment: "takeDue(point.timestamp)", replacement: "takeDue(point.timestamp + 30_000)" },
      { file: TRANSACTION, fragment: "proof.solidTimestamp >= expiration &&", replacement: "" },
    ],
  },
  one(
    "blocks of the time when nobody watched are not read",
    COVERAGE,
    "if (watch.referenceNumber + 1 >= firstCompared) return;",
    "if (watch.referenceNumber + 1 >= firstCompared || watch.live) return;",
  ),
  one(
    "an unclear answer to a broadcast is taken for proof",
    TRANSACTION,
    '{ target: "unknown", actions: "recordPush", description: "the answer proves nothing" }',
    '{ target: "#transaction.expired", actions: "recordPush", description: "the answer proves nothing" }',
  ),
  {
    name: "DUP is taken for a refusal, and a refusal for the end",
    edits: [
      {
        file: "src/chain/broadcast-class.ts",
        fragment: 'DUP_TRANSACTION_ERROR: "known"',
        replacement: 'DUP_TRANSACTION_ERROR: "refused"',
      },
      { file: TRANSACTION, fragment: 'target: "refused",', replacement: 'target: "#transaction.expired",' },
    ],
  },
  one(
    "a payout in doubt begins another attempt",
    PAYOUT,
    'target: ".unknown",\n          actions: "noteOutcome",',
    'target: "retrying",\n          actions: [{ type: "tell", params: ({ context: c }) => takeBackHold(c) }, "noteOutcome"],',
  ),
  one("included is taken for final", TRANSACTION, 'target: ".included",', 'target: "confirmed",'),
  one(
    "a failure on the chain is taken for success",
    TRANSACTION,
    'succeeded: ({ event }) => event.type === "chain.solidified" && event.inclusion.result === "SUCCESS"',
    'succeeded: ({ event }) => event.type === "chain.solidified"',
  ),
  one(
    "a fork does not tell the actors of the blocks it took back",
    "src/chain/branch.ts",
    "for (const txId of orphan.inclusions.keys()) this.#ports.announcer.orphaned(orphan, txId);",
    "void orphan;",
  ),
  one(
    "one node's word is enough for finality",
    "src/chain/finality.ts",
    "this.#options = { quarantineMs: 3_600_000, patienceMs: 1_000, ...options };",
    "this.#options = { quarantineMs: 3_600_000, patienceMs: 1_000, ...options, required: 1 };",
  ),
  {
    name: "the answer of an effect that was stopped is applied",
    edits: [
      {
        file: "src/actors/gates.ts",
        fragment: "if (record.effects[invokeId] !== key) return undefined;",
        replacement: "if (record.effects[invokeId] === undefined) return undefined;",
      },
      {
        file: DISPATCHER,
        fragment: "if (lane.known.get(identity) === controller) {",
        replacement: "if (lane.running >= 0) {",
      },
    ],
  },
  one(
    "effects that were pending are not started again",
    DISPATCHER,
    "void this.refill(source, lane);\n    }\n  }\n\n  /** D1",
    "}\n  }\n\n  /** D1",
  ),
  one(
    "watches are not taken up again after a start",
    DISPATCHER,
    "subscribed += await this.resubscribe(source, effect);",
    "subscribed += 0;",
  ),
  one(
    "timers are not armed at the start",
    "src/actors/timers.ts",
    "this.open = true;\n    await this.armNext();",
    "this.open = true;",
  ),
  one(
    "a timer's row stays when its message was handled",
    "src/supervisor/engine.ts",
    'const writes: Write[] = [{ delete: "timer", due, actor, timerId }];',
    "const writes: Write[] = [];",
  ),
  one(
    "an outbox row stays when its answer was handled",
    "src/supervisor/engine.ts",
    'writes: [{ delete: "outbox", source, actor, key }],',
    "writes: [],",
  ),
  one(
    "the stored reply of a key is not looked at",
    "src/supervisor/idempotency.ts",
    "const stored = this.store.reply(key);",
    "const stored = this.running.has(key) ? this.store.reply(key) : undefined;",
  ),
  one(
    "the reply of a key is not in the commit of its request",
    "src/actors/cascade.ts",
    "if (verdict !== undefined) this.writes.push(...(envelope.witness?.(verdict.keep) ?? []));",
    "",
  ),
  one(
    "two requests of one key run at once",
    "src/supervisor/idempotency.ts",
    "this.running.set(key, { fingerprint, answer });",
    "void fingerprint;",
  ),
  one(
    "a step leaves no journal entry",
    "src/actors/writes.ts",
    '[{ put: "journal", actor, entry }];',
    'entry.revision % 5 === 0 ? [] : [{ put: "journal", actor, entry }];',
  ),
  one(
    "a record stays in the lists that it left",
    "src/actors/writes.ts",
    "if (!record.indexes.includes(index)) writes.push",
    "if (!record.indexes.includes(index) && index === undefined) writes.push",
  ),
  one(
    "the hold of a payout is released when it is signed",
    PAYOUT,
    'toWallet(c, { type: "wallet.send", hold: holdFor(c) })',
    "releaseHold(c)",
  ),
  one(
    "the hold of a cancelled payout is kept",
    PAYOUT,
    '{ to: transactionOf(c), message: { type: "transaction.cancel" } },\n                    releaseHold(c),',
    '{ to: transactionOf(c), message: { type: "transaction.cancel" } },',
  ),
  one(
    "the transaction of a cancelled payout is not told",
    PAYOUT,
    '{ to: transactionOf(c), message: { type: "transaction.cancel" } },\n',
    "\n",
  ),
  one(
    "money in flight is not settled",
    LEDGER,
    "({ ...p, inFlight: subtract(p.inFlight, n) })",
    "({ ...p, inFlight: n === ZERO ? p.inFlight : p.inFlight })",
  ),
  one(
    "money that comes back is not reserved again",
    LEDGER,
    "({ ...p, inFlight: subtract(p.inFlight, n), reserved: add(p.reserved, n) })",
    "({ ...p, inFlight: subtract(p.inFlight, n) })",
  ),
  one(
    "what is reserved counts as available",
    LEDGER,
    "saturatingSubtract(onChain, add(left, add(reserved, inFlight)))",
    "saturatingSubtract(onChain, add(left, reserved === ZERO ? reserved : inFlight))",
  ),
  one(
    "the daily limit is not looked at",
    LEDGER,
    "if (limits.daily !== undefined && big(",
    "if (limits.daily !== undefined && time < 0 && big(",
  ),
  one(
    "the creator may approve",
    PAYOUT,
    'byCreator: ({ context, event }) => event.type === "payout.approve" && event.by === context.createdBy,',
    "byCreator: () => false,",
  ),
  one(
    "an external id may be used twice",
    "src/http/payout-intake.ts",
    "if (taken !== undefined && taken !== id)",
    "if (taken !== undefined && taken === id && taken !== id)",
  ),
  one(
    "an approval is not asked for",
    PAYOUT,
    "needsApproval: ({ context }) => context.needsApproval && context.decidedBy === undefined,",
    "needsApproval: () => false,",
  ),
];
