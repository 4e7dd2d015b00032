/**
 * Live steps to browsers and tools as server-sent events. Owns the open streams and a short memory of what was sent.
 *
 * L1. A step is sent after its commit, in the order of the commits.
 * L2. What one turn of the event loop commits is sent together. A client that has more than `STREAM_UNSENT_BYTES_MAX`
 *     of earlier turns unread is dropped; nobody waits for it.
 * L3. A client that comes back with Last-Event-ID gets what it missed, or a `reset` event when that is not known any
 *     more, or is more than it may have unread; then it has to read the records again.
 * L4. A client whose token was revoked is dropped before the next step or heartbeat is sent to it.
 */
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { refuse } from "../domain/errors.ts";
import type { CommittedStep } from "../supervisor/facade.ts";
import { STREAM_HEARTBEAT_MS, STREAM_REPLAY_MAX, STREAM_UNSENT_BYTES_MAX, STREAMS_MAX } from "./bounds.ts";
import type { HttpPorts } from "./ports.ts";
import type { Rejected } from "./problem.ts";
import { isoTime } from "./views/time.ts";

export type StreamFilter = { readonly kind?: string | undefined; readonly id?: string | undefined };
/** `text` is made when somebody is there to read it. */
type Sent = { readonly number: number; readonly step: CommittedStep; text: string | undefined };
/** `from`: the number of the last step it was greeted with. */
type Client = {
  readonly socket: ServerResponse;
  readonly filter: StreamFilter;
  readonly tokenId: string;
  readonly from: number;
};
/** What a client asks for. */
type StreamRequest = {
  readonly filter: StreamFilter;
  readonly lastEventId: string | undefined;
  readonly tokenId: string;
};

export class StepStream {
  readonly #ports: Pick<HttpPorts, "engine" | "clock" | "tokens">;
  /** Tells the numbers of this process from those of the one before. */
  readonly #epoch: string;
  readonly #clients = new Set<Client>();
  readonly #sent: Sent[] = [];
  /** Committed in this turn, not sent yet. */
  readonly #fresh: Sent[] = [];
  readonly #unsubscribe: () => void;
  #number = 0;
  #cancelHeartbeat: (() => void) | undefined;

  constructor(ports: Pick<HttpPorts, "engine" | "clock" | "tokens">) {
    this.#ports = ports;
    this.#epoch = ports.clock.now().toString(36);
    this.#unsubscribe = ports.engine.subscribe((step) => this.#publish(step));
  }

  size(): number {
    return this.#clients.size;
  }

  /** Takes the socket over. A refusal when there are too many streams. */
  open(reply: FastifyReply, request: StreamRequest): Rejected | undefined {
    if (this.#clients.size >= STREAMS_MAX) {
      return { refusal: refuse("rate_limited", `At most ${STREAMS_MAX} live streams; close one first`) };
    }
    const headers = reply.getHeaders();
    reply.hijack();
    const { filter, tokenId } = request;
    const client: Client = { socket: reply.raw, filter, tokenId, from: this.#number };
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) client.socket.setHeader(name, value);
    client.socket.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" });
    client.socket.on("close", () => this.#drop(client));
    this.#clients.add(client);
    this.#greet(client, request.lastEventId);
    if (this.#cancelHeartbeat === undefined) this.#scheduleHeartbeat();
    return undefined;
  }

  /** Ends every stream. */
  close(): void {
    this.#unsubscribe();
    this.#cancelHeartbeat?.();
    for (const { socket } of this.#clients) socket.end();
    this.#clients.clear();
  }

  #publish(step: CommittedStep): void {
    this.#number += 1;
    const sent: Sent = { number: this.#number, step, text: undefined };
    this.#sent.push(sent);
    if (this.#sent.length > STREAM_REPLAY_MAX * 2) this.#sent.splice(0, STREAM_REPLAY_MAX);
    if (this.#clients.size === 0) return;
    this.#fresh.push(sent);
    if (this.#fresh.length === 1) this.#ports.clock.soon(() => this.#flush());
  }

  #textOf(sent: Sent): string {
    const { number, step } = sent;
    sent.text ??= `id: ${this.#epoch}-${number}\nevent: step\ndata: ${JSON.stringify({ ...step, at: isoTime(step.at) })}\n\n`;
    return sent.text;
  }

  #flush(): void {
    const fresh = this.#fresh.splice(0);
    for (const client of this.#clients) {
      // A client that came in this very turn was given them when it was greeted.
      const text = fresh
        .flatMap((sent) => (sent.number > client.from && wants(client, sent.step) ? this.#textOf(sent) : []))
        .join("");
      if (text !== "") this.#write(client, text);
    }
  }

  #greet(client: Client, lastEventId: string | undefined): void {
    this.#write(client, "retry: 2000\n: connected\n\n");
    if (lastEventId === undefined) return;
    const missed = this.#since(lastEventId)?.filter(({ step }) => wants(client, step));
    const text = missed?.map((sent) => this.#textOf(sent)).join("");
    // Written at once: piece by piece it would be dropped for what it could not have read yet, each time it comes back.
    if (text !== undefined && text.length <= STREAM_UNSENT_BYTES_MAX) this.#write(client, text);
    else this.#write(client, `id: ${this.#epoch}-${this.#number}\nevent: reset\ndata: {}\n\n`);
  }

  #since(lastEventId: string): Sent[] | undefined {
    const [epoch, text = ""] = lastEventId.split("-");
    const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
    const oldest = this.#sent[0]?.number ?? this.#number + 1;
    if (epoch !== this.#epoch || number === undefined || number > this.#number || number < oldest - 1) return undefined;
    return this.#sent.filter((sent) => sent.number > number);
  }

  #write(client: Client, text: string): void {
    // Destroying is the only way to be rid of a client that never reads: `end` would wait for it (L2).
    const isBehind = client.socket.writableLength > STREAM_UNSENT_BYTES_MAX;
    if (isBehind || !this.#ports.tokens.knows(client.tokenId)) client.socket.destroy();
    else client.socket.write(text);
  }

  #drop(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = undefined;
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat = this.#ports.clock.schedule(STREAM_HEARTBEAT_MS, () => {
      for (const client of this.#clients) this.#write(client, ": alive\n\n");
      if (this.#clients.size > 0) this.#scheduleHeartbeat();
    });
  }
}

function wants({ filter }: Client, { actor }: CommittedStep): boolean {
  return (
    (filter.kind === undefined || filter.kind === actor.kind) && (filter.id === undefined || filter.id === actor.id)
  );
}
