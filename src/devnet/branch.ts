/** Blocks being built on top of one that is committed; nobody sees them before they are adopted. */
import type { Header } from "./block.ts";
import type { BuiltBlock } from "./chain-store.ts";
import { buildBlock, type Rules } from "./producer.ts";
import { Session, undoOf } from "./state.ts";
import type { Transaction } from "./transactions.ts";

/** Writes rows. */
export type Change = (session: Session) => void;

export class Branch {
  /** The state after the newest block. */
  readonly session: Session;
  readonly blocks: BuiltBlock[] = [];
  readonly #rules: Rules;
  readonly #below: (number: number) => string | undefined;
  readonly #parent: Header;

  /** `session`: the state after `parent`. `below`: ids of the blocks up to it. */
  constructor(parts: {
    rules: Rules;
    parent: Header;
    session: Session;
    below: (number: number) => string | undefined;
  }) {
    this.session = parts.session;
    this.#rules = parts.rules;
    this.#parent = parts.parent;
    this.#below = parts.below;
  }

  get head(): Header {
    return this.blocks.at(-1)?.block ?? this.#parent;
  }

  readonly blockId = (number: number): string | undefined =>
    number > this.#parent.number ? this.blocks[number - this.#parent.number - 1]?.block.id : this.#below(number);

  /** Adds a block at `timestamp`, or at the next slot if that is later. */
  async add(timestamp: number, candidates: readonly Transaction[]): Promise<void> {
    const draft = { parent: this.head, timestamp, candidates, blockId: this.blockId };
    this.blocks.push(await buildBlock(this.#rules, draft, this.session));
  }

  /** Like `add`, for a block that begins with a change that no transaction made; it is undone with the block. */
  async addChanged(timestamp: number, candidates: readonly Transaction[], change: Change): Promise<void> {
    const layer = new Session(this.session);
    change(layer);
    const draft = { parent: this.head, timestamp, candidates, blockId: this.blockId };
    const { block } = await buildBlock(this.#rules, draft, layer);
    this.blocks.push({ block, undo: undoOf(this.session, layer.writes) });
    this.session.merge(layer);
  }
}
