/** What is believed of a block once it is solidified, and on whose word. */
import type { SolidEvidence } from "../domain/chain-facts.ts";
import { inclusionsOf, type Reading, type ReceiptIndex, type SettleReceipts } from "./block-reader.ts";
import type { Agreed } from "./finality.ts";
import type { SegmentBlock } from "./segment.ts";
import type { Transfers } from "./transfers.ts";

/** What enough nodes' receipts say about a block in memory; `undefined` while they do not agree. */
export function settledReading(
  block: SegmentBlock,
  { finality, transfers }: { finality: { readonly settle: SettleReceipts }; transfers?: Transfers },
  signal: AbortSignal,
): Promise<Reading | undefined> {
  const { inclusions, matched: seen } = block;
  const wanted = [...inclusions].map(([txId, { result }]) => ({ txId, result }));
  const read = (receipts: ReceiptIndex): Reading | undefined => {
    const found = inclusionsOf(block, wanted, receipts);
    const matched = transfers?.active === true ? transfers.matchAgain(block, receipts) : seen;
    return found === undefined || matched === undefined ? undefined : { inclusions: found, matched };
  };
  return finality.settle(block.number, { known: { inclusions, matched: seen }, read }, signal);
}

export function evidenceOf({ header, nodes }: Agreed): SolidEvidence {
  return { solidNumber: header.number, solidId: header.id, solidTimestamp: header.timestamp, nodes };
}
