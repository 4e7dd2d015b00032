/**
 * One message through a machine, to the end of everything it sets off inside: XState's macrostep over the tables of a program.
 *
 * W1. One way at a time: leave, act, enter; then the ways that need no message; then what the machine raised itself.
 * W2. Ways that need no message are looked for again after every way but one of them that altered nothing.
 * W3. A machine that does not come to rest is stopped after `iterationsMax` ways.
 */
import type { Message } from "../domain/records.ts";
import { Args, type Act, type Asks, type Effect, type Run } from "./acts.ts";
import type { Leaf, Program, Way } from "./program.ts";

const ERROR_ANSWER = "xstate.error.actor";

export class Walk implements Run {
  readonly args: Args;
  readonly asks: Asks;
  /** Why, in the words of each way that was taken. */
  readonly reasons: string[] = [];
  leaf: Leaf;
  isOver = false;
  /** Something happened, if only an action without consequence. */
  isTouched = false;
  private isAltered = false;
  private readonly raised: Message[] = [];
  private readonly program: Program;

  constructor(program: Program, start: { leaf: Leaf; context: unknown; event: Message }, asks: Asks) {
    this.program = program;
    this.asks = asks;
    this.leaf = start.leaf;
    this.args = new Args(start.context, start.event);
  }

  begin(): void {
    this.isTouched = true;
    for (const place of this.leaf.path) this.perform(place.entry);
    this.end();
    this.settle();
  }

  /** An error of an effect that nobody handles is thrown: the message is poison. */
  go(): void {
    const { event } = this.args;
    const way = this.pick(this.leaf.on.get(event.type));
    if (way !== undefined) this.take(way);
    else if (event.type.startsWith(ERROR_ANSWER)) throw event["error"];
    this.settle();
  }

  private settle(): void {
    let isLooking = true;
    for (let taken = 1; !this.isOver; taken += 1) {
      if (taken > this.program.iterationsMax)
        throw new Error(`no rest after ${this.program.iterationsMax} transitions`);
      const way = isLooking ? this.pick(this.leaf.always) : undefined;
      if (way !== undefined) {
        isLooking = this.take(way);
        continue;
      }
      const event = this.raised.shift();
      if (event === undefined) return;
      this.args.event = event;
      const answer = this.pick(this.leaf.on.get(event.type));
      if (answer !== undefined) this.take(answer);
      isLooking = true;
    }
  }

  private pick(ways: readonly Way[] = []): Way | undefined {
    for (const way of ways) if (way.guard === undefined || way.guard(this.args)) return way;
    return undefined;
  }

  /** Says whether state, context or effects are others than before. */
  private take({ acts, move, reason }: Way): boolean {
    const { leaf } = this;
    this.isAltered = false;
    if (reason !== undefined) this.reasons.push(reason);
    if (move !== undefined) {
      for (const place of leaf.outwards) {
        if (place.depth < move.keep) break;
        this.perform(place.exit);
        this.perform(place.stops);
      }
    }
    this.perform(acts);
    if (move !== undefined) {
      for (const place of move.enter) this.perform(place.entry);
      this.leaf = move.to;
      this.end();
    }
    if (this.leaf !== leaf) this.isTouched = true;
    return this.isAltered || this.leaf !== leaf;
  }

  /** At its end a machine leaves every state it is in; what it still raises is not heard. */
  private end(): void {
    if (!this.leaf.isFinal) return;
    this.isOver = true;
    for (const place of this.leaf.outwards) this.perform(place.exit);
    for (const place of this.leaf.path) this.perform(place.stops);
  }

  private perform(acts: readonly Act[]): void {
    for (const act of acts) {
      this.isTouched = true;
      act(this);
    }
  }

  become(context: object): void {
    this.isAltered = true;
    this.args.context = context;
  }

  raise(event: Message): void {
    this.raised.push(event);
  }

  start(effect: Effect): void {
    this.isAltered = true;
    this.asks.startEffect(effect);
  }

  stop(id: string): void {
    this.isAltered = true;
    this.asks.stopEffect(id);
  }
}
