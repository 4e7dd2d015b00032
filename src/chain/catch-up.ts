/**
 * One leg of a long way (B6): a range of solidified blocks that is read without being kept, and what is told at its end.
 * What was found counts when its last block is reached, and not before.
 */
import type { SolidEvidence, TxId } from "../domain/chain-facts.ts";
import type { Announcer } from "./announcer.ts";
import type { BlockReader } from "./block-reader.ts";
import type { Finality } from "./finality.ts";
import type { ChainPoint } from "./segment.ts";
import { evidenceOf } from "./settled-reading.ts";
import { Sweep } from "./sweep.ts";
import type { Transfers } from "./transfers.ts";
import type { WatchTable } from "./watch-table.ts";

type Terms = {
  readonly finality: Finality;
  readonly reader: BlockReader;
  readonly transfers?: Transfers;
  readonly wanted: (txId: TxId) => boolean;
  /** Blocks of a leg. */
  readonly leg: number;
};
type Way = { readonly cursor: ChainPoint; readonly solid: SolidEvidence };
type Hearers = {
  readonly announcer: Announcer;
  readonly watches: WatchTable;
  readonly transfers: Transfers | undefined;
};

export class CatchUp {
  readonly sweep: Sweep;
  /** Who agreed about the block at the end. */
  readonly evidence: SolidEvidence;

  private constructor(sweep: Sweep, evidence: SolidEvidence) {
    this.sweep = sweep;
    this.evidence = evidence;
  }

  /** When the nodes do not agree about a block on the way, the whole way is one leg. */
  static async begin({ cursor, solid }: Way, terms: Terms, signal: AbortSignal): Promise<CatchUp> {
    const { finality, reader, transfers, wanted, leg } = terms;
    const legEnd = cursor.number + leg;
    const agreed = legEnd < solid.solidNumber ? await finality.agreedAt(legEnd, signal) : undefined;
    const evidence = agreed === undefined ? solid : evidenceOf(agreed);
    const range = {
      from: cursor.number + 1,
      parentId: cursor.id,
      to: evidence.solidNumber,
      expectedId: evidence.solidId,
    };
    return new CatchUp(new Sweep(range, { reader, settle: finality.settle, transfers, wanted }), evidence);
  }

  get end(): ChainPoint {
    const { range, tip } = this.sweep;
    return { number: range.to, id: range.expectedId, timestamp: tip?.timestamp ?? 0 };
  }

  /** Safe to repeat: hearers know what they were told. */
  tell({ announcer, watches, transfers }: Hearers): void {
    for (const { txId, inclusion } of this.sweep.found) announcer.solidified(txId, inclusion, this.evidence);
    for (const watch of watches.all()) {
      if (watch.toldNumber <= this.end.number) announcer.contradicted(watch);
    }
    for (const { block, matched } of this.sweep.matched) transfers?.solidified(block, matched, this.evidence);
    transfers?.passed(this.end.number);
  }
}
