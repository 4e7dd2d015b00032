import { BlockFollower, type FollowerCursor, type FollowerOptions } from "../../src/chain/block-follower.ts";
import type { Outgoing } from "../../src/chain/announcer.ts";
import type { AbsenceProof, Inclusion } from "../../src/domain/chain-facts.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { txIdOf, type FakeChain } from "./fake-chain.ts";

export type Told = { id: string; type: string; inclusion?: Inclusion; proof?: AbsenceProof; blockId?: string };

/** A follower over a fake chain, with a disk that survives `restart` and a record of everything that was accepted. */
export class FollowerHarness {
  readonly chain: FakeChain;
  readonly clock = new ManualClock();
  readonly told: Told[] = [];
  readonly cursors: FollowerCursor[] = [];
  follower: BlockFollower;
  /** Runs before messages are accepted; may throw. */
  onDeliver: (messages: readonly Outgoing[]) => void = () => {};
  private readonly options: FollowerOptions;

  constructor(chain: FakeChain, options: Partial<FollowerOptions> = {}) {
    this.chain = chain;
    this.options = { pollMs: 3_000, catchUpPage: 10, ...options };
    this.follower = this.open();
  }

  restart(): void {
    this.follower = this.open();
  }

  /** The actor's id is the name of its transaction. */
  watch(name: string, given: { reference?: number; expiration?: number } = {}): void {
    this.follower.watch({
      actor: { kind: "transaction", id: name },
      txId: txIdOf(name),
      expiration: given.expiration ?? Number.MAX_SAFE_INTEGER,
      referenceNumber: given.reference ?? this.chain.solid,
    });
  }

  async steps(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await this.follower.step();
  }

  typesFor(name: string): string[] {
    return this.told.filter((told) => told.id === name).map((told) => told.type.replace("chain.", ""));
  }

  last(name: string): Told {
    const found = this.told.findLast((told) => told.id === name);
    if (found === undefined) throw new Error(`nothing was told to ${name}`);
    return found;
  }

  private open(): BlockFollower {
    return new BlockFollower(this.options, {
      gateway: this.chain,
      clock: this.clock,
      logger: silentLogger,
      deliver: async (messages) => {
        await Promise.resolve();
        this.onDeliver(messages);
        for (const { actor, message } of messages) this.told.push({ id: actor.id, ...message });
      },
      loadCursor: () => this.cursors.at(-1),
      saveCursor: async (cursor) => {
        await Promise.resolve();
        this.cursors.push(cursor);
      },
    });
  }
}
