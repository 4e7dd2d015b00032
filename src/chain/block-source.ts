/** One node, and no other, asked about solidified blocks: so that the words of two can be held against each other. */
import type { Block, BlockHeader, Receipt } from "../domain/chain-facts.ts";
import type { ChainNode } from "./chain-node.ts";
import { askBlock, askReceipts, askSolid, askSolidHeader } from "./questions.ts";
import type { Speaker } from "./votes.ts";

/** Every question throws a `Fault` or a `NodeFailure` when the node gave no answer that can be trusted. */
export type BlockSource = Speaker & {
  /** The newest block that this node holds for solidified. */
  readonly solidBlock: (signal: AbortSignal) => Promise<BlockHeader>;
  /** The block that is solidified for this node at the height; `undefined`: none yet. */
  readonly solidHeader: (number: number, signal: AbortSignal) => Promise<BlockHeader | undefined>;
  /** A solidified block with its transactions; `undefined`: not solidified for this node yet. */
  readonly block: (number: number, signal: AbortSignal) => Promise<Block | undefined>;
  /** Of a solidified block. */
  readonly receipts: (blockNumber: number, signal: AbortSignal) => Promise<readonly Receipt[]>;
  /** Nobody asks it any more until it is admitted again. */
  readonly exclude: (reason: string) => void;
  readonly admit: () => void;
};

/** Only nodes that serve the solidity API know what is solidified. */
export function blockSource(node: ChainNode): BlockSource {
  // A node that wants to be left alone for hours would hold up whoever waits for the others' word too.
  const asker = (signal: AbortSignal) => node.on({ lane: "follow", signal, until: node.deadline("follow") });
  return {
    name: node.name,
    voice: node.voice,
    solidBlock: (signal) => askSolid(asker(signal)),
    solidHeader: (number, signal) => askSolidHeader(asker(signal), number),
    block: (number, signal) => askBlock(asker(signal), number, "walletsolidity"),
    receipts: (blockNumber, signal) => askReceipts(asker(signal), blockNumber, "walletsolidity"),
    exclude: (reason) => node.exclude(reason),
    admit: () => node.admit(),
  };
}
