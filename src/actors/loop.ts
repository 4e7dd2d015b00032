/**
 * The one loop: mailbox -> step -> commit -> reply and effects -> mailbox.
 *
 *   post(envelope)                 a request, an effect's answer, a timer, a fact of the chain
 *     | mailbox                    one per actor, bounded, in order
 *     v
 *   runCascade                     pure: the step, and the steps of every actor it tells, as one unit
 *     | group commit               one synced batch for everything that moved meanwhile
 *     v  ============ nothing above this line is visible outside ============
 *   settle, start effects, arm timers, tell the listeners
 *
 * E1 an actor handles one message at a time · E2 a step depends only on record, message and stamp · E3 a reply leaves after
 * its commit is on disk · E4 an effect runs only from a committed outbox entry, perhaps more than once · E5 an effect's
 * answer is applied at most once · E6 signed bytes are stored before they are sent and not replaced while they could still
 * be included · E7 the follower's cursor never passes an uncommitted message · E8 nothing is unbounded · E9 for each
 * wallet the ledger equals the chain.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import { ENGINE_QUEUE_MAX, GROUP_MESSAGES_MAX, TURN_BUDGET_MS } from "../domain/limits.ts";
import type { ActorAddress } from "../domain/records.ts";
import type { Stamp } from "../machines/durable.ts";
import type { Clock } from "../ports/clock.ts";
import { findPoison } from "./blame.ts";
import type { Cells } from "./cells.ts";
import { PoisonError, runCascade, type CascadeNews, type CascadePorts, type CascadeResult } from "./cascade.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { keyOf, type Envelope } from "./envelope.ts";
import type { Held } from "./held.ts";
import type { GroupCommit } from "./group-commit.ts";
import { TimeRow } from "./time-row.ts";
import type { Timers } from "./timers.ts";

export type LoopPorts = CascadePorts & {
  readonly mailboxDepthMax: number;
  readonly cells: Cells;
  readonly group: GroupCommit;
  /** For `onPoison`: messages that wait until the disk can be read. */
  readonly held: Pick<Held, "takes">;
  readonly clock: Clock;
  readonly blockTime: () => number;
  readonly dispatcher: () => Dispatcher;
  readonly timers: () => Timers;
  /** The supervisor decides what happens to a message that could not be digested, and calls `settle` in the end. */
  readonly onPoison: (envelope: Envelope, error: PoisonError) => void;
  /** The actor was quarantined while the message waited; the supervisor parks it and calls `settle`. */
  readonly onUndeliverable: (envelope: Envelope) => void;
  readonly onCommitted: (news: CascadeNews, stamp: Stamp) => void;
};

export class Loop {
  private readonly mailboxes = new Map<string, Envelope[]>();
  /** Actors with waiting messages, each once, in turn. */
  private runnable: string[] = [];
  private waiting = 0;
  private scheduled = false;
  private closed = false;
  private stepped = 0;
  private readonly time = new TimeRow();
  private readonly ports: LoopPorts;

  constructor(ports: LoopPorts) {
    this.ports = ports;
  }

  get messagesWaiting(): number {
    return this.waiting;
  }

  get steps(): number {
    return this.stepped;
  }

  /** Nothing moves any more. What is not committed comes back from disk with the next start. */
  close(): void {
    this.closed = true;
    this.mailboxes.clear();
    this.runnable = [];
    this.waiting = 0;
  }

  /** Only requests are refused: answers, timers and facts are bounded where they come from. */
  post(envelope: Envelope): void {
    if (this.closed) return;
    const refusal = envelope.origin === "request" ? this.refusalFor(envelope.to) : undefined;
    if (refusal !== undefined) {
      envelope.settle({ end: "refused", refusal });
      return;
    }
    const key = keyOf(envelope.to);
    const mailbox = this.mailboxes.get(key);
    if (mailbox === undefined) {
      this.mailboxes.set(key, [envelope]);
      this.runnable.push(key);
    } else mailbox.push(envelope);
    this.waiting += 1;
    this.wake();
  }

  /** What waited for the disk goes before what came meanwhile. */
  putBack(key: string, envelopes: readonly Envelope[]): void {
    if (this.closed) return;
    const mailbox = this.mailboxes.get(key);
    this.mailboxes.set(key, [...envelopes, ...(mailbox ?? [])]);
    if (mailbox === undefined) this.runnable.push(key);
    this.waiting += envelopes.length;
    this.wake();
  }

  /** Starts a turn after pending I/O, so that everything that arrived together shares one commit. */
  private wake(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.ports.clock.soon(() => {
      this.scheduled = false;
      this.turn();
    });
  }

  private turn(): void {
    const { group, clock } = this.ports;
    const until = clock.now() + TURN_BUDGET_MS;
    while (this.runnable.length > 0 && group.size < GROUP_MESSAGES_MAX && clock.now() <= until) {
      for (const key of this.runnable.splice(0, 32)) this.takeOne(key);
      group.encodeSome();
    }
    if (group.size > 0) void group.flush();
    if (this.runnable.length === 0) return;
    // A full group waits for the one that is on its way to the disk; looking again at once would only burn time.
    if (group.size < GROUP_MESSAGES_MAX) this.wake();
    else group.whenRoom(() => this.wake());
  }

  private takeOne(key: string): void {
    const mailbox = this.mailboxes.get(key);
    const envelope = mailbox?.shift();
    if (mailbox === undefined || envelope === undefined) return;
    if (mailbox.length === 0) this.mailboxes.delete(key);
    else this.runnable.push(key);
    this.waiting -= 1;
    this.apply(envelope);
  }

  /** `isSuspect`: what it leaves is checked before anything moves, because its group could not be stored. */
  private apply(envelope: Envelope, isSuspect = false): void {
    const { ports } = this;
    if (envelope.origin !== "parked" && ports.isQuarantined(envelope.to)) return ports.onUndeliverable(envelope);
    if (ports.held.takes(envelope)) return;
    const stamp: Stamp = { at: ports.clock.now(), blockTime: ports.blockTime() };
    let result: CascadeResult;
    try {
      result = runCascade(envelope, stamp, ports);
    } catch (error) {
      const poison = error instanceof PoisonError ? error : new PoisonError(envelope.to, envelope.message, 0, error);
      ports.onPoison(envelope, poison);
      return;
    }
    const flaw = isSuspect ? findPoison(envelope, result, ports.group) : undefined;
    if (flaw !== undefined) return ports.onPoison(envelope, flaw);
    const { news } = result;
    this.stepped += news.steps.length;
    for (const { actor, record } of news.moved) ports.cells.replace(actor, record);
    ports.group.add(this.time.with(result.writes, stamp.at), () => this.committed(envelope, news, stamp), {
      undo: () => this.undo(news),
      redo: () => this.apply(envelope, true),
    });
  }

  /** Nothing of the cascade reached the disk; its actors stand where the disk has them. */
  private undo({ steps, moved }: CascadeNews): void {
    this.stepped -= steps.length;
    this.time.forget();
    for (const { actor } of moved) this.ports.cells.takeBack(actor);
    // What `isCurrent` left out for their sake is on disk by now.
    this.ports.dispatcher().revive(steps.flatMap(({ step }) => step.stopped.map(({ source }) => source)));
  }

  /** E3, E4: the commit is on disk. */
  private committed(envelope: Envelope, news: CascadeNews, stamp: Stamp): void {
    const { ports } = this;
    const { verdict, moved, steps } = news;
    for (const { actor } of moved) ports.cells.unpin(actor);
    envelope.settle(
      verdict !== undefined && "discard" in verdict
        ? { end: "discarded", refusal: verdict.discard }
        : { end: "committed", verdict },
    );
    for (const { actor, step } of steps) {
      for (const { source, key } of step.stopped) ports.dispatcher().stop(source, actor, key);
      for (const entry of step.started)
        if (this.isCurrent(actor, entry.invokeId, entry.key)) ports.dispatcher().start(entry);
      for (const { due } of step.timersSet) ports.timers().arm(due);
    }
    ports.onCommitted(news, stamp);
  }

  /** A later step may have stopped the effect before this commit came through. */
  private isCurrent(actor: ActorAddress, invokeId: string, key: string): boolean {
    return this.ports.cells.get(actor)?.effects[invokeId] === key;
  }

  private refusalFor(actor: ActorAddress): Refusal | undefined {
    if (this.ports.isQuarantined(actor))
      return refuse("quarantined", `${keyOf(actor)} is quarantined until an operator releases it`);
    if (this.waiting >= ENGINE_QUEUE_MAX)
      return refuse("engine_busy", `${this.waiting} messages are waiting; try again shortly`);
    if ((this.mailboxes.get(keyOf(actor))?.length ?? 0) >= this.ports.mailboxDepthMax) {
      return refuse(
        "mailbox_full",
        `${keyOf(actor)} has ${this.ports.mailboxDepthMax} waiting messages; try again shortly`,
      );
    }
    return undefined;
  }
}
