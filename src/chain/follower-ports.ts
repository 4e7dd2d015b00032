/** What the block follower needs, remembers and tells. */
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { ChainGateway } from "../ports/world.ts";
import type { Deliver } from "./announcer.ts";
import type { Finality } from "./finality.ts";
import type { ChainPoint } from "./segment.ts";
import type { Transfers } from "./transfers.ts";

/** Everything solidified from `scannedFrom` to `number` was read. `nodes` agreed about it; absent in older stores. */
export type FollowerCursor = ChainPoint & { readonly scannedFrom: number; readonly nodes?: readonly string[] };

export type FollowerPorts = {
  readonly gateway: ChainGateway;
  readonly finality: Finality;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deliver: Deliver;
  /** Whose money is looked for; absent where nobody wants to know. */
  readonly transfers?: Transfers;
  loadCursor(): FollowerCursor | undefined;
  saveCursor(cursor: FollowerCursor): Promise<void>;
};

export type FollowerOptions = {
  /** Half of the time between two blocks, which is 3 s: how often it looks when none comes (rhythm.ts). */
  readonly pollMs: number;
  /** Blocks in one answer while behind, at most 100. */
  readonly catchUpPage: number;
  /** Pages in one step: how long a step may take before other work of the follower has its turn. */
  readonly pagesPerStep?: number;
  /** Above this many blocks behind, blocks are no longer kept in memory until they are solidified. */
  readonly catchUpAbove?: number;
  /** Blocks after which what was found while behind is told and the cursor saved: 20,000 are 17 hours of the chain. */
  readonly catchUpLeg?: number;
  /** Blocks above the cursor kept in memory; a chain that does not solidify makes the follower wait. */
  readonly unsolidifiedMax?: number;
};

export type FollowerStatus = {
  readonly phase: "starting" | "following" | "catchingUp" | "halted";
  readonly head: number;
  readonly solid: number;
  readonly lagBlocks: number;
  readonly watched: number;
  /** Watches that wait for blocks to be read again or for receipts. */
  readonly undecided: number;
  readonly lastProgressAt: number;
  readonly forks: number;
  /** Blocks read per second lately, by the engine's clock. */
  readonly blocksPerSecond: number;
  /** Seconds until the newest block is read; `undefined` while that cannot be told. */
  readonly etaSeconds: number | undefined;
  readonly halted?: string;
};
