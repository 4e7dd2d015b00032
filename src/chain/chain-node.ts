/**
 * One configured node as the rest of `chain` asks it, behind its breaker and its budget. Owns what is known about it.
 *
 * A1. Nothing is asked of a node before it named the expected genesis block, once that block is known; one that names
 *     another, or was excluded, is never asked again.
 * A2. Every answer is judged once: breaker, health, budget and the count of faults all hear of it.
 */
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { Api, Asker, AskTerms, Lane, NodeRole, Question } from "./asking.ts";
import {
  admissionOf,
  after,
  BREAKER_DEFAULTS,
  closedBreaker,
  probing,
  type Admission,
  type Breaker,
} from "./breaker.ts";
import { BudgetRefusal, type Budget, type BudgetReading } from "./budget.ts";
import * as health from "./health.ts";
import type { HeightKind, Heights, NamedBlock } from "./heights.ts";
import type { HttpNode } from "./http-node.ts";
import { NodeFailure, type FailureKind } from "./node-failure.ts";
import { patiently } from "./patience.ts";
import { askGenesisId, askHeadHeader, askSolid } from "./questions.ts";

export type ChainNodeParts = {
  readonly http: HttpNode;
  readonly role: NodeRole;
  /** Whose word its answers are (votes.ts). */
  readonly voice: string;
  readonly budget: Budget;
  /** Of the whole pool. */
  readonly heights: Heights;
};
export type ChainNodePorts = { readonly clock: Clock; readonly logger: Logger };

/** What an operator may see. Times are clock time in ms. */
export type NodeReading = {
  /** Without path, key or password. */
  readonly origin: string;
  readonly role: NodeRole;
  /** Why it is not used; `null` while it is. */
  readonly excluded: string | null;
  readonly breaker: "closed" | "open" | "half_open";
  readonly head: number | null;
  readonly solid: number | null;
  /** Blocks behind the best node; `null` when it was not heard lately. */
  readonly lagBlocks: number | null;
  /** 0 to 1, a moving average. */
  readonly errorRate: number;
  readonly latencyMs: number | null;
  readonly budget: BudgetReading;
  /** Wrong or missing answers so far, by kind. */
  readonly faults: Readonly<Partial<Record<FailureKind, number>>>;
};

/** The node did its work; that the answer is a no or too long is not its fault. */
const ANSWERED: ReadonlySet<FailureKind> = new Set(["rejected", "oversized"]);
/** Says nothing about whether the node works. */
const NO_VERDICT: ReadonlySet<FailureKind> = new Set(["aborted", "throttled"]);
/** Whoever waited less than this has not given the node a chance. */
const PATIENCE_MS = 1_000;
const PROBE_MS = 5_000;

export class ChainNode {
  /** Host and port: safe to log. */
  readonly name: string;
  readonly voice: string;
  readonly role: NodeRole;
  readonly #parts: ChainNodeParts;
  readonly #ports: ChainNodePorts;
  readonly #faults = new Map<FailureKind, number>();
  #genesisId: string | undefined;
  #identity: "unknown" | "right" | "wrong" = "unknown";
  #identifying: Promise<void> | undefined;
  #excluded: string | undefined;
  #breaker: Breaker;
  #health = health.UNKNOWN_HEALTH;

  constructor(parts: ChainNodeParts, ports: ChainNodePorts) {
    this.name = parts.http.name;
    this.voice = parts.voice;
    this.role = parts.role;
    this.#parts = parts;
    this.#ports = ports;
    this.#breaker = closedBreaker(ports.clock.now());
  }

  /** On these terms; any number of questions. */
  on(terms: AskTerms): Asker {
    return {
      name: this.name,
      ask: async (question, read) => {
        if (!this.#isIdentified()) await this.#introduced(terms);
        return this.#ask(question, terms, read);
      },
      saw: (kind, block) => this.#saw(kind, block),
    };
  }

  /**
   * Clock time by which it has answered what it is asked now, or will not: for those who ask several side by side. A
   * request may wait for its turn as long as for its answer, and for the day's share of its lane.
   */
  deadline(lane: Lane): number {
    return this.#ports.clock.now() + 2 * this.#parts.http.timeoutMs + this.#parts.budget.pacedMs(lane);
  }

  /** Bytes could leave for it at once. */
  takesBytes(): boolean {
    return admissionOf(this.#breaker, this.#ports.clock.now()) !== "refused" && this.#parts.budget.ready("broadcast");
  }

  serves(api: Api): boolean {
    return this.role === "both" || this.role === api;
  }

  /** Not asked again, by anybody, until it is admitted. */
  exclude(reason: string): void {
    this.#excluded = reason;
    this.#ports.logger.warn({ node: this.name, reason }, "a node is not used any more");
  }

  /** Ends an exclusion; a node of another network stays out. */
  admit(): void {
    this.#excluded = undefined;
  }

  /** Why it is not used, or `undefined`. */
  excluded(): string | undefined {
    return this.#excluded ?? (this.#identity === "wrong" ? "a node of another network" : undefined);
  }

  /** Forgets who the node said it is: it is asked again before its next use. */
  expectGenesis(genesisId: string): void {
    this.#genesisId = genesisId;
    this.#identity = "unknown";
  }

  /** Throws `NodeFailure` when the node cannot be used or cannot say who it is. */
  async identify(): Promise<void> {
    if (this.excluded() === undefined && !this.#isIdentified()) {
      // One question for all who wait for its answer; nobody's giving up ends it for the others.
      this.#identifying ??= this.#askIdentity().finally(() => (this.#identifying = undefined));
      await this.#identifying;
    }
    const reason = this.excluded();
    if (reason !== undefined) throw new NodeFailure({ kind: "excluded", node: this.name, message: reason });
  }

  /** Lower is asked first. Whoever cannot answer now comes last, but stays in the list. */
  score(fastestMs: number): number {
    const { clock } = this.#ports;
    const now = clock.now();
    const unable = this.#parts.budget.suspended() || admissionOf(this.#breaker, now) === "refused" ? 1_000 : 0;
    const crowded = this.#parts.budget.crowded("read") ? 5 : 0;
    const exaggerates = this.#parts.heights.exaggerates(this, now) ? 100 : 0;
    return unable + exaggerates + crowded + health.scoreOf(this.#health, { now, fastestMs });
  }

  /** `undefined` when it was not asked lately. */
  latencyMs(): number | undefined {
    return health.latencyKnown(this.#health, this.#ports.clock.now()) ? this.#health.latencyMs : undefined;
  }

  /** Asks for its height when nobody has for `quietMs`, so that a node in reserve is known when it is needed. */
  async probe(quietMs: number): Promise<void> {
    const now = this.#ports.clock.now();
    if (this.excluded() !== undefined || now - this.#health.heardAt < quietMs) return;
    const node = this.on({ lane: "history", until: now + PROBE_MS });
    try {
      await (this.serves("full") ? askHeadHeader(node) : askSolid(node));
    } catch (error) {
      if (!(error instanceof NodeFailure)) throw error;
    }
  }

  reading(): NodeReading {
    const now = this.#ports.clock.now();
    const { budget, http } = this.#parts;
    return {
      origin: http.origin,
      role: this.role,
      excluded: this.excluded() ?? null,
      breaker: this.#breaker.phase,
      head: this.#health.head ?? null,
      solid: this.#health.solid ?? null,
      lagBlocks: health.lagAt(this.#health, now) ?? null,
      errorRate: health.errorRateAt(this.#health, now),
      latencyMs: this.#health.latencyAt === 0 ? null : this.#health.latencyMs,
      budget: budget.reading(),
      faults: Object.fromEntries(this.#faults),
    };
  }

  async close(): Promise<void> {
    this.#parts.budget.close();
    await this.#parts.http.close();
  }

  async #askIdentity(): Promise<void> {
    const { logger } = this.#ports;
    const terms: AskTerms = { lane: "follow", until: this.deadline("follow") };
    const unidentified: Asker = {
      name: this.name,
      ask: (question, read) => this.#ask(question, terms, read),
      saw: () => {},
    };
    const expected = this.#genesisId;
    const genesisId = await askGenesisId(unidentified, this.role === "solidity" ? "walletsolidity" : "wallet");
    if (expected !== this.#genesisId) return;
    this.#identity = genesisId === expected ? "right" : "wrong";
    if (this.#identity === "wrong") logger.warn({ node: this.name }, "a node of another network is not used");
  }

  #isIdentified(): boolean {
    return this.#excluded === undefined && (this.#genesisId === undefined || this.#identity === "right");
  }

  async #introduced(terms: AskTerms): Promise<void> {
    const leave = (kind: "aborted" | "timeout") =>
      new NodeFailure({ kind, node: this.name, message: "it has not said yet who it is" });
    try {
      await patiently(this.identify(), terms, { clock: this.#ports.clock, leave });
    } catch (error) {
      throw error instanceof NodeFailure ? error.unsent() : error;
    }
  }

  async #ask<T>(question: Question, terms: AskTerms, read: (answer: unknown) => T): Promise<T> {
    const { clock } = this.#ports;
    const { budget, http } = this.#parts;
    this.#admit(clock.now());
    await this.#room(terms);
    const startedAt = clock.now();
    let admission: Admission = "refused";
    try {
      // The node may have begun to fail while this request waited for its turn.
      admission = this.#admit(startedAt);
      if (admission === "probe") this.#breaker = probing(this.#breaker);
      const timeoutMs = terms.until === undefined ? undefined : Math.max(0, terms.until - startedAt);
      const answer = await http.post({ ...question, signal: terms.signal, timeoutMs }, read);
      this.#answered(admission, startedAt);
      return answer;
    } catch (error) {
      if (admission !== "refused") this.#judge(error, admission, startedAt);
      throw error;
    } finally {
      budget.release();
    }
  }

  #admit(now: number): Admission {
    const admission = admissionOf(this.#breaker, now);
    if (admission !== "refused") return admission;
    throw new NodeFailure({ kind: "resting", node: this.name, message: "it failed too often and is left alone" });
  }

  async #room(terms: AskTerms): Promise<void> {
    try {
      await this.#parts.budget.acquire(terms);
    } catch (error) {
      if (!(error instanceof BudgetRefusal)) throw error;
      const kind = terms.signal?.aborted === true ? "aborted" : "limited";
      throw new NodeFailure({ kind, node: this.name, message: error.message, sent: false });
    }
  }

  #answered(admission: Admission, startedAt: number): void {
    const now = this.#ports.clock.now();
    this.#parts.budget.answered();
    this.#health = health.afterAnswer(this.#health, { now, latencyMs: now - startedAt });
    this.#settle(admission, "ok", now);
  }

  #judge(error: unknown, admission: Admission, startedAt: number): void {
    if (!(error instanceof NodeFailure)) {
      // `read` found an answer that is a fault of the question: the node did its work.
      this.#answered(admission, startedAt);
      return;
    }
    const { kind, retryAfterMs } = error;
    const now = this.#ports.clock.now();
    if (kind !== "aborted") this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
    if (kind === "throttled") this.#parts.budget.refused(retryAfterMs);
    else if (retryAfterMs !== undefined) this.#parts.budget.suspend(retryAfterMs);
    const hasty = kind === "timeout" && now - startedAt < Math.min(PATIENCE_MS, this.#parts.http.timeoutMs);
    if (ANSWERED.has(kind)) this.#settle(admission, "ok", now);
    else if (NO_VERDICT.has(kind) || hasty) this.#settle(admission, "without", now);
    else {
      this.#health = health.afterFailure(this.#health, now);
      this.#settle(admission, "failed", now);
    }
  }

  #settle(admission: Admission, verdict: "ok" | "failed" | "without", now: number): void {
    const { clock, logger } = this.#ports;
    const before = this.#breaker.phase;
    const given = { now, random: clock.random(), policy: BREAKER_DEFAULTS };
    this.#breaker = after(this.#breaker, { admission, verdict }, given);
    const { phase, until } = this.#breaker;
    if (phase === "open" && before === "closed") logger.warn({ node: this.name, restMs: until - now }, "a node rests");
    if (phase === "closed" && before !== "closed") logger.info({ node: this.name }, "a node is back");
  }

  #saw(kind: HeightKind, block: NamedBlock): void {
    const { heights } = this.#parts;
    const now = this.#ports.clock.now();
    heights.heard(this, { kind, block, now });
    const best = heights.best(kind, now) ?? block.number;
    this.#health = health.afterHeight(this.#health, { kind, number: block.number, best, now });
  }
}
