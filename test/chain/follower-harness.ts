import { BlockFollower } from "../../src/chain/block-follower.ts";
import type { BlockSource } from "../../src/chain/block-source.ts";
import { Finality } from "../../src/chain/finality.ts";
import type { FollowerCursor, FollowerOptions } from "../../src/chain/follower-ports.ts";
import type { Outgoing } from "../../src/chain/announcer.ts";
import type { AbsenceProof, Inclusion } from "../../src/domain/chain-facts.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { Transfers } from "../../src/chain/transfers.ts";
import { FAKE_USDT, txIdOf, type FakeChain } from "./fake-chain.ts";
import { TransferBook } from "./transfer-book.ts";

export type Told = {
  id: string;
  type: string;
  inclusion?: Inclusion;
  proof?: AbsenceProof;
  blockId?: string;
  detail?: string;
};

/** A follower over a fake chain, with a disk that survives `restart` and a record of everything that was accepted. */
export class FollowerHarness {
  readonly chain: FakeChain;
  readonly clock = new ManualClock();
  readonly told: Told[] = [];
  readonly cursors: FollowerCursor[] = [];
  /** What the receiver of transfers was told; survives `restart` like the disk. */
  readonly book = new TransferBook();
  transfers = new Transfers({ usdt: FAKE_USDT, receiver: this.book });
  follower: BlockFollower;
  private addresses: readonly string[] = [];
  /** Runs before messages are accepted; may throw. */
  onDeliver: (messages: readonly Outgoing[]) => void = () => {};
  private readonly options: FollowerOptions;
  private readonly others: readonly BlockSource[];

  /** `others`: nodes that have to agree with the one on `chain`. */
  constructor(chain: FakeChain, options: Partial<FollowerOptions> = {}, others: readonly BlockSource[] = []) {
    this.chain = chain;
    this.others = others;
    this.options = { pollMs: 3_000, catchUpPage: 10, ...options };
    this.follower = this.open();
  }

  restart(): void {
    this.follower = this.open();
  }

  /** The actor's id is the name of its transaction. */
  watch(name: string, given: { reference?: number; expiration?: number; seenIn?: number } = {}): void {
    this.follower.watch({
      actor: { kind: "transaction", id: name },
      txId: txIdOf(name),
      expiration: given.expiration ?? Number.MAX_SAFE_INTEGER,
      referenceNumber: given.reference ?? this.chain.solid,
      seenIn: given.seenIn,
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

  /** Looks for the money of these addresses from now on, also after `restart`. */
  watchAddresses(addresses: readonly string[]): void {
    this.addresses = addresses;
    for (const address of addresses) this.transfers.watchAddress(address);
  }

  private open(): BlockFollower {
    this.transfers = new Transfers({ usdt: FAKE_USDT, receiver: this.book });
    this.watchAddresses(this.addresses);
    return new BlockFollower(this.options, {
      gateway: this.chain,
      finality: new Finality(
        { required: 1 + this.others.length },
        { sources: [sourceOf(this.chain), ...this.others], clock: this.clock, logger: silentLogger },
      ),
      clock: this.clock,
      logger: silentLogger,
      transfers: this.transfers,
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

/** A node that says what the fake chain says of itself. */
export function sourceOf(chain: FakeChain, name = "fake"): BlockSource {
  const upToSolid = <T extends { number: number }>(block: T | undefined) =>
    block === undefined || block.number > chain.solid ? undefined : block;
  return {
    name,
    voice: name,
    solidBlock: () => chain.solidBlock(),
    solidHeader: async (number) => upToSolid(await chain.block(number)),
    block: async (number) => upToSolid(await chain.block(number)),
    receipts: (number) => chain.receipts(number),
    exclude: () => {},
    admit: () => {},
  };
}
