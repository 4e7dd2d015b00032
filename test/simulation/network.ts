/**
 * One to three nodes of one network, in front of the devnet's chain, and the wires to them.
 *
 * N1. What was handed to the wire may arrive after the engine died; its answer then reaches nobody.
 * N2. A node that is away refuses connections, one that lags tells what was true some blocks ago, and each has tricks of
 *     its own. Only the last of several tells lies that fit together.
 */
import type { Chain } from "../../src/devnet/chain.ts";
import type { Asked as DoorAsked } from "../../src/devnet/http/answer.ts";
import { findRoute } from "../../src/devnet/http/routes.ts";
import { answerTo } from "../../src/devnet/http/server.ts";
import { Tricks, type Asked } from "../campaign/tricks.ts";
import type { Random } from "../support/random.ts";
import type { WireAnswer, WireRequest } from "./machine/power.ts";
import { WORLD, type Scheduler } from "./scheduler.ts";
import type { ToldAgain } from "./told-again.ts";

export class Node {
  readonly origin: string;
  readonly tricks: Tricks;
  isAway = false;
  /** Blocks behind. */
  lag = 0;
  private readonly chain: Chain;
  private readonly told: ToldAgain;

  /** `told`: shared by the nodes of one chain. */
  constructor(origin: string, { chain, told }: { chain: Chain; told: ToldAgain }) {
    this.origin = origin;
    this.chain = chain;
    this.told = told;
    this.tricks = new Tricks((asked) => this.honestly(asked));
  }

  private honestly({ path, body }: Asked): Promise<string> {
    const url = `/${path}`;
    return this.told.answer({ path: url, body, lag: this.lag }, () => this.made(url, body));
  }

  private async made(url: string, body: string): Promise<string> {
    const headers = { "content-type": "application/json" };
    const asked: DoorAsked = { method: "POST", url, path: url, headers, body, remote: "" };
    const fault = this.lag > 0 ? ({ kind: "stale-head", blocks: this.lag } as const) : undefined;
    const answer = await answerTo(asked, { chain: this.chain, found: findRoute(url), fault });
    return answer.body;
  }
}

export class Network {
  readonly nodes: readonly Node[];
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  /** Signed bytes that reached a node, as hex. */
  readonly heard = new Set<string>();
  /** Requests that have not arrived. */
  private readonly wires = new Set<() => void>();

  constructor(nodes: readonly Node[], parts: { scheduler: Scheduler; random: Random }) {
    this.nodes = nodes;
    this.scheduler = parts.scheduler;
    this.random = parts.random;
  }

  ask({ origin, path, body, signal }: WireRequest): Promise<WireAnswer> {
    const { scheduler } = this;
    const { life } = scheduler;
    const node = this.nodes.find((known) => known.origin === origin);
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(asError(signal.reason)), { once: true });
      const refuse = (code: string) =>
        scheduler.at(this.delay(), `reset ${path}`, () => reject(Object.assign(new Error(code), { code })), life);
      const arrive = async () => {
        this.wires.delete(cancel);
        if (node === undefined || node.isAway) return refuse("ECONNREFUSED");
        if (path.includes("/broadcast")) this.remember(body);
        const told = await node.tricks.answer({ path: path.slice(1), body });
        if (told === "hang") return undefined;
        if (told === "reset") return refuse("ECONNRESET");
        const headers = { "content-type": "application/json" };
        return scheduler.at(this.delay(), `told ${path}`, () => resolve({ ...told, headers }), life);
      };
      const cancel = scheduler.at(
        this.delay(),
        `ask ${origin}${path}`,
        () => void arrive(),
        life === WORLD ? life : wireLife(scheduler),
      );
      this.wires.add(cancel);
    });
  }

  /** N1 */
  engineDied(): void {
    for (const cancel of this.wires) if (this.random.chance(0.5)) cancel();
    this.wires.clear();
  }

  private remember(body: string): void {
    const { transaction } = JSON.parse(body) as { transaction?: string };
    if (transaction !== undefined) this.heard.add(transaction);
  }

  heal(): void {
    for (const node of this.nodes) {
      node.tricks.heal();
      node.isAway = false;
      node.lag = 0;
    }
  }

  /** Mostly near, at times far away. */
  private delay(): number {
    const { random } = this;
    return random.chance(0.05) ? 100 + 1_500 * random.next() : 5 + 60 * random.next();
  }
}

/** A request belongs to the world as soon as it is sent, and nobody who is dead sends one. */
function wireLife(scheduler: Scheduler): number {
  return scheduler.isAlive(scheduler.life) ? WORLD : scheduler.life;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
