/** What doors ask: one request per key, and an answer when its commit is on disk. */
import type { Ending, Envelope, Kept } from "../actors/envelope.ts";
import { isReadRefused } from "../actors/patience.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import type { ActorAddress } from "../domain/records.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, Write } from "../ports/store.ts";
import type { EngineAnswer, EngineRequest } from "./facade.ts";
import { Idempotency, type IdempotencyKey } from "./idempotency.ts";

export type RequestPorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly post: (envelope: Envelope) => void;
  readonly has: (actor: ActorAddress) => boolean;
  /** Why nothing at all is answered. */
  readonly away: () => Refusal | undefined;
  /** Why nothing new begins. */
  readonly closed: () => Refusal | undefined;
  readonly refusesNew: ((kind: string) => Refusal | undefined) | undefined;
};

export class Requests {
  private readonly idempotency: Idempotency;
  private readonly ports: RequestPorts;

  constructor(ports: RequestPorts) {
    this.ports = ports;
    this.idempotency = new Idempotency(ports.store);
  }

  answer(request: EngineRequest): Promise<EngineAnswer> {
    try {
      return this.once(request);
    } catch (error) {
      if (!isReadRefused(error)) throw error;
      return refused(refuse("store_unavailable", "the disk refused to be read; nothing of the request happened"));
    }
  }

  /** One promise from here to the commit: each more is kept by every request that waits. */
  private once(request: EngineRequest): Promise<EngineAnswer> {
    const away = this.ports.away();
    if (away !== undefined) return refused(away);
    const { idempotency, isNamedByKey, to } = request;
    if (idempotency === undefined) return this.work(request);
    const isUnused = () => isNamedByKey === true && !this.ports.has(to);
    return this.idempotency.once(idempotency, { work: () => this.work(request), isUnused });
  }

  private work(request: EngineRequest): Promise<EngineAnswer> {
    const closed = this.ports.closed();
    if (closed !== undefined) return refused(closed);
    const { instead, idempotency } = request;
    if (instead === undefined) return this.ask(request);
    return this.ask(request).then((first) => {
      const next = instead();
      if (next === undefined) return first;
      const closedNow = this.ports.closed();
      if (closedNow !== undefined) return { refusal: closedNow };
      return this.ask({ ...next, ...(idempotency === undefined ? {} : { idempotency }) });
    });
  }

  private ask(request: EngineRequest): Promise<EngineAnswer> {
    const { to, message, create, idempotency, respond } = request;
    const { has, refusesNew, post } = this.ports;
    if (create === undefined && !has(to)) return refused(refuse("not_found", `there is no ${to.kind} ${to.id}`));
    const stopped = create === undefined ? undefined : refusesNew?.(to.kind);
    if (stopped !== undefined) return refused(stopped);
    return new Promise((resolve) => {
      post({
        origin: "request",
        to,
        message: message ?? { type: "xstate.init" },
        settle: (ending) => resolve(answerOf(ending)),
        respond,
        ...(create === undefined ? {} : { create: { input: create } }),
        ...(idempotency === undefined ? {} : { witness: (answer) => [this.replyRow(idempotency, answer)] }),
      });
    });
  }

  private replyRow({ key, fingerprint }: IdempotencyKey, answer: Kept): Write {
    return { put: "reply", key, reply: { fingerprint, at: this.ports.clock.now(), ...answer } };
  }
}

function refused(refusal: Refusal): Promise<EngineAnswer> {
  return Promise.resolve({ refusal });
}

function answerOf(ending: Ending): EngineAnswer {
  switch (ending.end) {
    case "committed":
      return ending.verdict !== undefined && "keep" in ending.verdict
        ? { ...ending.verdict.keep, replayed: false }
        : { refusal: refuse("internal", "the request led to no answer") };
    case "discarded":
    case "refused":
      return { refusal: ending.refusal };
    case "failed":
      return { refusal: refuse("internal", "a bug in the engine; nothing of the request happened") };
  }
}
