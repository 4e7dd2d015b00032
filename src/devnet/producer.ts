/**
 * Makes blocks: chooses the witness of the slot, executes what is offered, and passes on the turn (tron.md §1.7).
 * Pure.
 *
 * B1. The order within a block is java-tron's (Manager.processBlock): transactions, turns, maintenance.
 */
import { type Header, type Included, includedFrom, sealBlock } from "./block.ts";
import type { BuiltBlock } from "./chain-store.ts";
import type { Tvm } from "./evm/tvm.ts";
import { execute } from "./execute.ts";
import { passPeriod } from "./maintenance.ts";
import { isRejection } from "./outcome.ts";
import { TAPOS_BLOCKS } from "./parameters.ts";
import { agreedNumber, countTurns, slotAt, timeOfSlot, witnessOfSlot } from "./slots.ts";
import { Session, undoOf, type View } from "./state.ts";
import { ownerOf, type Transaction } from "./transactions.ts";

export type Rules = {
  /** How many witnesses have turns. */
  readonly seats: number;
  /** ms; slots of the first block are counted from here. */
  readonly genesisTimestamp: number;
  /** The key that signs a witness's blocks. */
  readonly keyOf: (witness: string) => Uint8Array;
  /** Fixed distance of the solidified block from the head, instead of two thirds of the witnesses. */
  readonly solidLag: number | undefined;
  readonly vm: Tvm;
};

export type Draft = {
  readonly parent: Header;
  /** ms; a slot after the parent, or the next is taken. */
  readonly timestamp: number;
  readonly candidates: readonly Transaction[];
  readonly blockId: (number: number) => string | undefined;
};

/** Executes the candidates on `session` and seals those that may enter. What is refused is simply not in the block. */
export async function buildBlock(rules: Rules, draft: Draft, session: Session): Promise<BuiltBlock> {
  const own = new Session(session);
  const { parent } = draft;
  const number = parent.number + 1;
  const before = startOf(rules, parent);
  const slot = Math.max(1, slotAt(session, before, draft.timestamp));
  const timestamp = timeOfSlot(session, before, slot);
  const witness = witnessOfSlot(session, before, slot);
  const scene = {
    session: own,
    headTimestamp: parent.timestamp,
    refBlockHash: taposTable(parent.number, draft.blockId),
    vm: rules.vm,
    block: { number, timestamp: timestamp / 1000, witness, idOf: draft.blockId },
  };
  const transactions: Included[] = [];
  const changed = new Set<string>();
  for (const tx of draft.candidates) {
    if (mustWait(tx, changed)) continue;
    const outcome = await execute(tx, scene);
    if (!isRejection(outcome)) transactions.push(includedFrom(tx, outcome));
  }
  countTurns(own, before, { number, slot, timestamp, witness });
  passPeriod(own, { timestamp, seats: rules.seats });
  const key = { address: witness, privateKey: rules.keyOf(witness) };
  const block = sealBlock({ number, parentId: parent.id, timestamp, transactions }, key);
  const undo = undoOf(session, own.writes);
  session.merge(own);
  return { block, undo };
}

/** After a change of its permissions in a block, an account's other transactions wait for the next (Manager.generateBlock). */
function mustWait(tx: Transaction, changed: Set<string>): boolean {
  const [contract] = tx.raw.contracts;
  if (contract === undefined) return false;
  const owner = ownerOf(contract);
  if (changed.has(owner)) return true;
  if (contract.type === "AccountPermissionUpdateContract") changed.add(owner);
  return false;
}

/** The time of the first slot that may hold a block after `parent`, `missed` slots later, ms. */
export function nextTime(rules: Rules, view: View, next: { parent: Header; missed: number }): number {
  return timeOfSlot(view, startOf(rules, next.parent), 1 + next.missed);
}

/** The genesis block has no time of its own in its header. */
function startOf(rules: Rules, parent: Header): { timestamp: number } {
  return { timestamp: parent.number === 0 ? rules.genesisTimestamp : parent.timestamp };
}

/** Number of the newest block that two thirds of the witnesses have built upon. */
export function solidNumberOf(rules: Rules, at: { headNumber: number; state: View; before: number }): number {
  const solid = rules.solidLag === undefined ? agreedNumber(at.state) : at.headNumber - rules.solidLag;
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
