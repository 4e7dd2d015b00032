/** Makes blocks: chooses the witness of the slot, executes what is offered, solidifies (tron.md §1.7). Pure. */
import { type Block, type Header, type Included, includedFrom, sealBlock, type Witness } from "./block.ts";
import type { BuiltBlock } from "./chain-store.ts";
import type { Contract } from "./contract.ts";
import { execute } from "./execute.ts";
import { isRejection } from "./outcome.ts";
import { SLOT_MS, TAPOS_BLOCKS } from "./parameters.ts";
import { read, Session, undoOf, WITNESSES, type View } from "./state.ts";
import type { Transaction } from "./transactions.ts";

export type Rules = {
  readonly witnesses: readonly Witness[];
  /** Fixed distance of the solidified block from the head, instead of two thirds of the witnesses. */
  readonly solidLag: number | undefined;
  readonly contracts: ReadonlyMap<string, Contract>;
};

export type Draft = {
  readonly parent: Header;
  /** Slot of the new block: its timestamp in units of 3 s. */
  readonly slot: number;
  readonly candidates: readonly Transaction[];
  readonly blockId: (number: number) => string | undefined;
};

/** Executes the candidates on `session` and seals those that may enter. What is refused is simply not in the block. */
export async function buildBlock(rules: Rules, draft: Draft, session: Session): Promise<BuiltBlock> {
  const own = new Session(session);
  const { parent } = draft;
  const number = parent.number + 1;
  const scene = {
    session: own,
    headTimestamp: parent.timestamp,
    refBlockHash: taposTable(parent.number, draft.blockId),
    contracts: rules.contracts,
    blockNumber: number,
  };
  const transactions: Included[] = [];
  for (const tx of draft.candidates) {
    const outcome = await execute(tx, scene);
    if (!isRejection(outcome)) transactions.push(includedFrom(tx, outcome));
  }
  const turn = draft.slot % rules.witnesses.length;
  const witness = rules.witnesses[turn];
  if (witness === undefined) throw new RangeError("a chain needs at least one witness");
  own.write(WITNESSES, latestOf(own).with(turn, number));
  const block = sealBlock({ number, parentId: parent.id, timestamp: draft.slot * SLOT_MS, transactions }, witness);
  const undo = undoOf(session, own.writes);
  session.merge(own);
  return { block, undo };
}

/** Number of the newest block that two thirds of the witnesses have built upon. */
export function solidNumberOf(rules: Rules, at: { headNumber: number; state: View; before: number }): number {
  const latest = latestOf(at.state).toSorted((a, b) => a - b);
  const agreed = latest[Math.floor(latest.length * 0.3)] ?? 0;
  const solid = rules.solidLag === undefined ? agreed : at.headNumber - rules.solidLag;
  return Math.max(at.before, solid);
}

/** The newest block whose number ends in the two bytes, as the node's table of recent blocks has it (tron.md §1.2). */
export function taposTable(headNumber: number, blockId: (number: number) => string | undefined) {
  return (refBlockBytes: string): string | undefined => {
    if (refBlockBytes.length !== 4) return undefined;
    const low = Number.parseInt(refBlockBytes, 16);
    const back = (headNumber - low) % TAPOS_BLOCKS;
    const number = headNumber - (back < 0 ? back + TAPOS_BLOCKS : back);
    return blockId(number)?.slice(16, 32);
  };
}

export function slotOf(block: Block | Header, genesisTimestamp: number): number {
  const timestamp = block.number === 0 ? genesisTimestamp : block.timestamp;
  return Math.floor(timestamp / SLOT_MS);
}

function latestOf(view: View): readonly number[] {
  return read(view, WITNESSES) ?? [];
}
