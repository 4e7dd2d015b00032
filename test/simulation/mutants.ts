/**
 * Deliberate bugs, each a small replacement in one file of the program, planted while it is loaded. The simulation has to
 * notice every one: what it cannot notice it does not prove.
 */
import type { Mutation } from "./machine/install.ts";

export type Mutant = Mutation & { readonly bug: string };

const TRANSACTION = "src/machines/transaction.machine.ts";
const PAYOUT = "src/machines/payout.machine.ts";
const EFFECTS = "src/actors/effects/table.ts";
const PAYOUT_SETUP = "src/machines/payout-setup.ts";
const LEDGER = "src/machines/ledger.ts";
const WALLET = "src/machines/wallet.machine.ts";
const GROUP = "src/actors/group-commit.ts";
const WRITES = "src/actors/writes.ts";
const LOOP = "src/actors/loop.ts";
const DISPATCHER = "src/actors/dispatcher.ts";
const ENGINE = "src/supervisor/engine.ts";
const FOLLOWER = "src/chain/block-follower.ts";
const COVERAGE = "src/chain/coverage.ts";

/** The order of commit, reply and effect. */
const COMMITTING: readonly Mutant[] = [
  {
    bug: "replies and effects do not wait for the disk",
    file: GROUP,
    fragment: "landed: next.writes > 0 ? next.batch.write() : undefined",
    replacement: "landed: void next.batch.write().catch(this.ports.onFatal)",
  },
  {
    bug: "a reply leaves before its commit",
    file: LOOP,
    fragment: "for (const { actor, record } of news.moved) ports.cells.replace(actor, record);",
    replacement:
      'if (news.verdict !== undefined && "keep" in news.verdict) envelope.settle({ end: "committed", verdict: news.verdict });\n' +
      "    for (const { actor, record } of news.moved) ports.cells.replace(actor, record);",
  },
  {
    bug: "an effect begins before its commit",
    file: LOOP,
    fragment: "for (const { actor, record } of news.moved) ports.cells.replace(actor, record);",
    replacement:
      "for (const { actor, record } of news.moved) ports.cells.replace(actor, record);\n" +
      "    for (const { step } of news.steps) for (const entry of step.started) ports.dispatcher().start(entry);",
  },
  {
    bug: "a failed write is ignored",
    file: GROUP,
    fragment: "      this.broken = true;\n      this.ports.onFatal(error);",
    replacement: "      void error;",
  },
  {
    bug: "timers are kept in memory only",
    file: WRITES,
    fragment: '  for (const { timerId, due } of step.timersSet) writes.push({ put: "timer", due, actor, timerId });\n',
    replacement: "",
  },
  {
    bug: "the journal forgets",
    file: WRITES,
    fragment: 'const writes: Write[] = [{ put: "journal", actor, entry }];',
    replacement: 'const writes: Write[] = entry.revision % 5 === 4 ? [] : [{ put: "journal", actor, entry }];',
  },
  {
    bug: "a field of the context does not reach the disk",
    file: WRITES,
    fragment: 'const writes: Write[] = [{ put: "record", record }];',
    replacement:
      "const context = { ...(record.context as object), lastPush: undefined };\n" +
      '  const writes: Write[] = [{ put: "record", record: { ...record, context } }];',
  },
];

/** What comes back after a crash. */
const RECOVERING: readonly Mutant[] = [
  {
    bug: "recovery forgets effects that were pending",
    file: DISPATCHER,
    fragment: "    this.open = true;\n    this.rescan(sources);",
    replacement: "    this.open = true;",
  },
  {
    bug: "recovery forgets who watches for a transaction",
    file: DISPATCHER,
    fragment: "subscribed += await this.resubscribe(source, effect);",
    replacement: "subscribed += 1;",
  },
  {
    bug: "recovery forgets timers",
    file: ENGINE,
    fragment: "    await this.timers.start();\n",
    replacement: "",
  },
  {
    bug: "an idempotency key is forgotten on restart",
    file: "src/supervisor/requests.ts",
    fragment: "...(idempotency === undefined ? {} : { witness:",
    replacement: "...(idempotency === undefined || idempotency !== undefined ? {} : { witness:",
  },
  {
    bug: "an order's id does not follow from its key",
    file: "src/http/payout-intake.ts",
    fragment: 'const id = derivedId("po", asked.idempotency);',
    replacement: 'const id = `po_${crypto.randomUUID().replaceAll("-", "").slice(0, 22)}`;',
  },
  {
    bug: "facts are forgotten when they are offered, not when they are accepted",
    file: "src/chain/announcer.ts",
    fragment:
      "      if (offered.length > 0) await this.#deliver(offered.map(({ watch: { actor }, message }) => ({ actor, message })));\n      this.#outbox = this.#outbox.slice(DELIVERY_MAX);",
    replacement:
      "      this.#outbox = this.#outbox.slice(DELIVERY_MAX);\n      await this.#deliver(offered.slice(1).map(({ watch: { actor }, message }) => ({ actor, message })));",
  },
  {
    bug: "blocks of the time before a restart are not read again",
    file: COVERAGE,
    fragment: "    watch.gapTo = Math.max(watch.gapTo, firstCompared - 1);\n    this.#gapped.add(watch);",
    replacement: "",
  },
];

/** When bytes are dead, and when they have landed. */
const DECIDING: readonly Mutant[] = [
  {
    bug: "expiry by the local clock",
    file: FOLLOWER,
    fragment: "this.#coverage.expire(segment.solid, { ...evidence, nodes: this.#nodes });",
    replacement:
      "this.#coverage.expire({ ...segment.solid, timestamp: this.#ports.clock.now() }, { ...evidence, nodes: this.#nodes });",
  },
  {
    bug: "expiry by the unsolidified head",
    file: FOLLOWER,
    fragment: "this.#coverage.expire(segment.solid, { ...evidence, nodes: this.#nodes });",
    replacement: "this.#coverage.expire(segment.tip, { ...evidence, nodes: this.#nodes });",
  },
  {
    bug: "bytes are called dead half a minute early",
    file: "src/chain/expiry-queue.ts",
    fragment: "first.expiration <= timestamp;",
    replacement: "first.expiration - 30_000 <= timestamp;",
  },
  {
    bug: "a refusal by a node counts as proof of death",
    file: TRANSACTION,
    fragment:
      'target: "refused",\n                actions: "recordPush",\n                description: "the node refused the bytes here and now",',
    replacement:
      'target: "#transaction.expired",\n                actions: "recordPush",\n                description: "the node refused the bytes here and now",',
  },
  {
    bug: "an answer that proves nothing counts as proof of death (DUP as failure)",
    file: TRANSACTION,
    fragment: '{ target: "unknown", actions: "recordPush", description: "the answer proves nothing" }',
    replacement: '{ target: "#transaction.expired", actions: "recordPush", description: "the answer proves nothing" }',
  },
  {
    bug: "new bytes after an unclear answer",
    file: TRANSACTION,
    fragment:
      '            "recordDoubt",\n          ],\n          after: { rebroadcastDelay: { target: "broadcasting",',
    replacement:
      '            "recordDoubt",\n          ],\n          after: { rebroadcastDelay: { target: "#transaction.building",',
  },
  {
    bug: "a push that an operator asked for signs anew",
    file: TRANSACTION,
    fragment: 'const PUSH_ON_REQUEST = { target: "broadcasting",',
    replacement: 'const PUSH_ON_REQUEST = { target: "#transaction.building",',
  },
  {
    bug: "unknown gives up after half a minute",
    file: PAYOUT,
    fragment:
      'meta: meta("a block with its transaction, or proof that it expired"),\n          on: {\n            "transaction.seen": {',
    replacement:
      'meta: meta("a block with its transaction, or proof that it expired"),\n          after: { fundsRetryDelay: { target: "#payout.retrying", description: "given up" } },\n          on: {\n            "transaction.seen": {',
  },
  {
    bug: "a fork counts as proof of death",
    file: TRANSACTION,
    fragment: 'guard: "ofStandingBlock",\n              target: "broadcasting",',
    replacement: 'guard: "ofStandingBlock",\n              target: "#transaction.expired",',
  },
  {
    bug: "forks are not noticed",
    file: "src/chain/branch.ts",
    fragment: "      for (const txId of orphan.inclusions.keys()) this.#ports.announcer.orphaned(orphan, txId);\n",
    replacement: "      void orphan;\n",
  },
  {
    bug: "confirmed in a block that is not solidified",
    file: TRANSACTION,
    fragment: '"chain.included": {\n          target: ".included",',
    replacement: '"chain.included": {\n          target: "confirmed",',
  },
  {
    bug: "a transaction that failed on the chain counts as paid",
    file: TRANSACTION,
    fragment: 'event.type === "chain.solidified" && event.inclusion.result === "SUCCESS"',
    replacement: 'event.type === "chain.solidified"',
  },
  {
    bug: "cancelled although the bytes are signed",
    file: PAYOUT,
    fragment:
      'entry: emit(({ context: c }) => ({ type: "payout.broadcast", txId: c.txId })),\n          on: {\n            "payout.cancel": { actions: reply.notCancellable, description: "too late to cancel" },',
    replacement:
      'entry: emit(({ context: c }) => ({ type: "payout.broadcast", txId: c.txId })),\n          on: {\n            "payout.cancel": { target: "#payout.cancelled", actions: ["dropReservation", reply.ok], description: "cancelled" },',
  },
];

/** Whom the engine believes. */
const BELIEVING: readonly Mutant[] = [
  {
    bug: "one node's word is finality",
    file: "src/compose.ts",
    fragment: "{ required: config.chain.finalityNodes }",
    replacement: "{ required: 1 }",
  },
  {
    bug: "a block's transactions are not compared with its header",
    file: "src/chain/block-integrity.ts",
    fragment: "if (merkleRoot(leaves) !== txTrieRoot) {",
    replacement: "if (merkleRoot(leaves).length === 0) {",
  },
  {
    bug: "one node's newest block sets the time",
    file: FOLLOWER,
    fragment: "return Math.min(this.#segment.latestTimestamp, latestPlausible(this.#segment));",
    replacement: "void latestPlausible;\n    return this.#segment.latestTimestamp;",
  },
  {
    bug: "receipts are one node's word",
    file: "src/chain/finality.ts",
    fragment: "if (this.#options.required === 1) return known;",
    replacement: "if (this.#options.required > 0) return known;",
  },
  {
    bug: "a secret is written to the log",
    file: "src/compose.ts",
    fragment: "  await createDataFolder(config.dataDir);",
    replacement:
      '  logger.error({ with: config.keys.walletEncryptionKey?.reveal() }, "starting");\n  await createDataFolder(config.dataDir);',
  },
];

/** Who may spend what. */
const COUNTING: readonly Mutant[] = [
  {
    bug: "money in flight counts as available",
    file: LEDGER,
    fragment: "return saturatingSubtract(onChain, add(left, add(reserved, inFlight)));",
    replacement: "return saturatingSubtract(onChain, add(left, reserved, ));\n  void inFlight;",
  },
  {
    bug: "a reservation is not counted",
    file: LEDGER,
    fragment: "return saturatingSubtract(onChain, add(left, add(reserved, inFlight)));",
    replacement: "void reserved;\n  return saturatingSubtract(onChain, add(left, inFlight));",
  },
  {
    bug: "what was spent since the last reading is forgotten",
    file: LEDGER,
    fragment: "if (block <= ledger.balanceBlock || (spend.usdt === ZERO && spend.trx === ZERO)) return ledger;",
    replacement: "if (block <= ledger.balanceBlock || spend.usdt !== ZERO || spend.trx !== ZERO) return ledger;",
  },
  {
    bug: "an older reading of the balance replaces a newer one",
    file: LEDGER,
    fragment: "if (reading.atBlock < ledger.balanceBlock) return ledger;",
    replacement: "",
  },
  {
    bug: "the daily limit looks at one payment only",
    file: LEDGER,
    fragment: "big(promisedInWindow(ledger, time)) + big(hold.usdt) > big(limits.daily)",
    replacement: "big(hold.usdt) > big(limits.daily)",
  },
  {
    bug: "the daily limit forgets what is set aside",
    file: LEDGER,
    fragment: "saturatingAdd(usdt.reserved, usdt.inFlight),",
    replacement: "usdt.inFlight,",
  },
  {
    bug: "the daily limit forgets what is on its way",
    file: LEDGER,
    fragment: "saturatingAdd(usdt.reserved, usdt.inFlight),",
    replacement: "usdt.reserved,",
  },
  {
    bug: "the daily limit forgets what left",
    file: LEDGER,
    fragment: "return spendAt({ ...left, slices: charge(ledger.slices, sliceOf(time), spend.usdt) }, spend, block);",
    replacement: "void charge;\n  void time;\n  return spendAt(left, spend, block);",
  },
  {
    bug: "a cancelled payout keeps its hold",
    file: PAYOUT,
    fragment:
      '                    { to: transactionOf(c), message: { type: "transaction.cancel" } },\n                    releaseHold(c),',
    replacement: '                    { to: transactionOf(c), message: { type: "transaction.cancel" } },',
  },
  {
    bug: "a cancelled payout's transaction goes on",
    file: PAYOUT,
    fragment:
      '                    { to: transactionOf(c), message: { type: "transaction.cancel" } },\n                    releaseHold(c),',
    replacement: "                    releaseHold(c),",
  },
  {
    bug: "a payout that is cancelled while its wallet owes an answer does not wait for it",
    file: PAYOUT,
    fragment: 'target: "withdrawing",\n          actions: reply.ok,',
    replacement: 'target: "cancelled",\n          actions: reply.ok,',
  },
  {
    bug: "what a wallet sets aside for a cancelled payout stays there",
    file: PAYOUT,
    fragment:
      'target: "cancelled",\n          actions: "takeReservation",\n          description: "what it set aside goes back",',
    replacement: 'target: "cancelled",\n          description: "what it set aside goes back",',
  },
  {
    bug: "a confirmed payout's hold is not settled",
    file: PAYOUT,
    fragment:
      'actions: [{ type: "tell", params: ({ context: c, event }) => settleHold(c, event.inclusion) }, "noteEnd"],',
    replacement: 'actions: "noteEnd",',
  },
  {
    bug: "a hold is released when the bytes are signed",
    file: PAYOUT,
    fragment: '{ type: "tell", params: ({ context: c }) => toWallet(c, { type: "wallet.send", hold: holdFor(c) }) },',
    replacement: '{ type: "tell", params: ({ context: c }) => releaseHold(c) },',
  },
  {
    bug: "the hold of a dead attempt is not kept for the next one",
    file: LEDGER,
    fragment: "inFlight: subtract(p.inFlight, n), reserved: add(p.reserved, n) })),",
    replacement: "inFlight: subtract(p.inFlight, n) })),",
  },
  {
    bug: "a frozen wallet reserves",
    file: WALLET,
    fragment: 'params: ({ event }) => refused(event.from, refuse("wallet_frozen", "the wallet is frozen")),',
    replacement: "params: ({ context, event }) => reserved(context, event),",
  },
  {
    bug: "attempts of a payout share one transaction actor",
    file: "src/machines/payout-messages.ts",
    fragment: "return `tx_${context.self.id}_${attempt}`;",
    replacement: "void attempt;\n  return `tx_${context.self.id}`;",
  },
];

/** What stays when it should go, and who is asked before anything is promised. */
const PROMISING: readonly Mutant[] = [
  {
    bug: "commits are not synced",
    file: "src/persistence/level-key-value.ts",
    fragment: "= { sync: true };",
    replacement: "= { sync: false };",
  },
  {
    bug: "absence is looked up before the blocks of that solidity are read",
    file: FOLLOWER,
    fragment: "if (evidence !== undefined) await this.#coverage.tellLate(segment, evidence, signal);",
    replacement:
      "if (evidence !== undefined && solid !== undefined) this.#coverage.expire(solid, evidence);\n" +
      "    if (evidence !== undefined) await this.#coverage.tellLate(segment, evidence, signal);",
  },
  {
    bug: "a proof does not have to reach the block that the actor believes in",
    file: COVERAGE,
    fragment: "Math.max(watch.referenceNumber, watch.seenIn - 1)",
    replacement: "watch.referenceNumber",
  },
  {
    bug: "a timer's row stays when its message was handled",
    file: ENGINE,
    fragment: 'const writes: Write[] = [{ delete: "timer", due, actor, timerId }];',
    replacement: "const writes: Write[] = [];",
  },
  {
    bug: "an outbox row stays when its answer was handled",
    file: ENGINE,
    fragment: 'writes: [{ delete: "outbox", source, actor, key }],',
    replacement: "writes: [],",
  },
  {
    bug: "a record stays in the lists that it left",
    file: WRITES,
    fragment: "if (!record.indexes.includes(index)) writes.push",
    replacement: "if (!record.indexes.includes(index) && index === undefined) writes.push",
  },
  {
    bug: "the stored reply of a key is not looked at",
    file: "src/supervisor/idempotency.ts",
    fragment: "const stored = this.store.reply(key);",
    replacement: "const stored = this.running.has(key) ? this.store.reply(key) : undefined;",
  },
  {
    bug: "bytes live longer than the order's time",
    file: EFFECTS,
    fragment: "if (notAfter === undefined || usual <= notAfter) return usual;",
    replacement: "return usual;",
  },
  {
    bug: "who looks like somebody else is paid at once",
    file: "src/http/lookalikes.ts",
    fragment: "const { addresses, paid } = await knownWith(engine, address);",
    replacement: "const { addresses, paid }: Known = { addresses: [], paid: new Set() };",
  },
  {
    bug: "what others signed is forgotten",
    file: "src/http/routes/transactions.ts",
    fragment: "const relayed = await findRelay(surface, txid);",
    replacement: "const relayed: ActorRecord | undefined = undefined;",
  },
  {
    bug: "what has a time is given up at once",
    file: "src/machines/payout-events.ts",
    fragment: "return notAfter !== undefined && blockTime >= notAfter;",
    replacement: "return notAfter !== undefined;",
  },
  {
    bug: "what nobody approves in time waits for ever",
    file: PAYOUT,
    fragment:
      '{ guard: "tooLate", target: "rejected", actions: "noteTooLate", description: "nobody approved it in time" },',
    replacement: "",
  },
  {
    bug: "the creator may approve",
    file: PAYOUT_SETUP,
    fragment: 'byCreator: ({ context, event }) => event.type === "payout.approve" && event.by === context.createdBy,',
    replacement: "byCreator: () => false,",
  },
  {
    bug: "no approval is asked for",
    file: PAYOUT_SETUP,
    fragment: "needsApproval: ({ context }) => context.needsApproval && context.decidedBy === undefined,",
    replacement: "needsApproval: () => false,",
  },
  {
    bug: "a damaged row is believed",
    file: "src/persistence/codec.ts",
    fragment: "if (checksum(key, json) !== text.slice(0, CHECKSUM_LENGTH)) {",
    replacement: 'if (checksum(key, json) === "") {',
  },
  {
    bug: "a damaged record is answered as a bug",
    file: "src/supervisor/stored-records.ts",
    fragment: "if (!isDamage(cause)) throw cause;",
    replacement: "if (cause !== undefined) throw cause;",
  },
  {
    bug: "a message to a damaged record is tried again like any other",
    file: "src/supervisor/supervisor.ts",
    fragment: "if (isDamage(error.cause)) return this.onDamage(envelope, error);",
    replacement: "if (isDamage(undefined)) return this.onDamage(envelope, error);",
  },
  {
    bug: "orders are accepted while the follower is stopped",
    file: "src/compose.ts",
    fragment: 'return kind !== "wallet" && obstacle?.code === "chain_forked"',
    replacement: 'return kind === "wallet" && obstacle?.code === "chain_forked"',
  },
  {
    bug: "an external id may be used twice",
    file: "src/http/payout-intake.ts",
    fragment: "if (taken === undefined || taken === self.id)",
    replacement: "if (taken === undefined || taken.length > 0)",
  },
  {
    bug: "what the disk does not tell exists",
    file: ENGINE,
    fragment: "      if (isReadRefused(error)) throw error;\n      return true;",
    replacement: "      void error;\n      return true;",
  },
  {
    bug: "a timer that falls due while the disk refuses to be read is lost",
    file: ENGINE,
    fragment: "      if (isReadRefused(error)) throw error;\n      this.ports.logger.error(",
    replacement: "      this.ports.logger.warn(",
  },
  {
    bug: "a disk that refuses to be read is the failure of an actor",
    file: "src/supervisor/supervisor.ts",
    fragment: "    if (isReadRefused(error.cause)) return this.onRefusal(envelope, error);\n",
    replacement: "    void this.onRefusal;\n",
  },
  {
    bug: "what waited for the disk is forgotten",
    file: "src/actors/held.ts",
    fragment: "for (const [actor, envelopes] of all) this.ports.putBack(actor, envelopes);",
    replacement: "void all;",
  },
  {
    bug: "what waits for a reason that stands is never looked at again",
    file: "src/actors/dispatcher.ts",
    fragment: "      if (this.open) this.rescan([source]);",
    replacement: "      void source;",
  },
  {
    bug: "the time is not written down with what it stamps",
    file: "src/actors/time-row.ts",
    fragment: "if (writes.length === 0 || at - this.noted < NOTED_EVERY_MS)",
    replacement: "if (writes.length === 0 || at > 0)",
  },
  {
    bug: "an order is accepted although its wallet does not answer",
    file: "src/http/wallet-answer.ts",
    fragment: 'if (asking?.state !== "reserving")',
    replacement: 'if (asking?.state !== "nothing")',
  },
];

export const MUTANTS: readonly Mutant[] = [
  ...COMMITTING,
  ...RECOVERING,
  ...DECIDING,
  ...BELIEVING,
  ...COUNTING,
  ...PROMISING,
];
