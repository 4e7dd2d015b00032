/**
 * Looks at the chain without the engine: balances and receipts straight from a TRON node, solidified state only. What
 * the engine says about itself proves nothing; this does.
 */
import { units, type Units } from "../domain/money.ts";
import { toEvmWord, fromEvm20 } from "../tron/address.ts";
import { decodeTransferLog } from "../tron/trc20.ts";
import { EXIT } from "./demo-options.ts";
import { fieldsOf, listAt, numberAt, textAt } from "./fields.ts";
import { Stop } from "./stop.ts";
import type { WitnessNode } from "./witness-node.ts";

/** Reads at a time. */
const CONCURRENCY = 8;

export type TokenMove = { readonly from: string; readonly to: string; readonly amount: bigint };
/** A transaction in a solidified block. */
export type SolidReceipt = {
  readonly succeeded: boolean;
  readonly blockNumber: number;
  readonly energy: number;
  /** Burned, sun. */
  readonly feeSun: Units;
  readonly moves: readonly TokenMove[];
};

export type WitnessOptions = {
  /** Serves `/walletsolidity/`; nothing else is asked. */
  readonly node: WitnessNode;
  readonly usdtContract: string;
};

export class ChainWitness {
  readonly #options: WitnessOptions;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** Id of block 0: which chain the node is on. */
  async genesisId(): Promise<string | undefined> {
    return textAt(await this.#options.node.ask("/walletsolidity/getblockbynum", { num: 0 }), "blockID");
  }

  async solidNumber(): Promise<number> {
    const block = await this.#options.node.ask("/walletsolidity/getnowblock", {});
    const number = numberAt(fieldsOf(fieldsOf(block)["block_header"])["raw_data"], "number");
    if (number !== undefined) return number;
    // A node leaves out what is zero; an id begins with its block's number.
    if (/^0{16}/.test(textAt(block, "blockID") ?? "")) return 0;
    throw new Stop(EXIT.engine, `the TRON node ${this.#options.node.name} does not say which block is solidified`);
  }

  /** Token balance of each address, in base units. */
  async balances(addresses: readonly string[]): Promise<Map<string, bigint>> {
    const found = await inParallel(addresses, async (address): Promise<[string, bigint]> => [
      address,
      await this.#balance(address),
    ]);
    return new Map(found);
  }

  /** `undefined`: in no solidified block. In the order of the ids. */
  async receipts(txIds: readonly string[]): Promise<(SolidReceipt | undefined)[]> {
    return inParallel(txIds, (txId) => this.#receipt(txId));
  }

  async #balance(address: string): Promise<bigint> {
    const answer = await this.#options.node.ask("/walletsolidity/triggerconstantcontract", {
      owner_address: address,
      contract_address: this.#options.usdtContract,
      function_selector: "balanceOf(address)",
      parameter: toEvmWord(address),
      visible: true,
    });
    const [word] = listAt(answer, "constant_result");
    if (typeof word !== "string" || !/^[0-9a-f]{64}$/i.test(word))
      throw new Stop(
        EXIT.mismatch,
        `${this.#options.node.name} gives no balance of ${address}: ${JSON.stringify(answer).slice(0, 200)}`,
      );
    return BigInt(`0x${word}`);
  }

  async #receipt(txId: string): Promise<SolidReceipt | undefined> {
    const answer = await this.#options.node.ask("/walletsolidity/gettransactioninfobyid", { value: txId });
    const blockNumber = numberAt(answer, "blockNumber");
    if (textAt(answer, "id") !== txId || blockNumber === undefined) return undefined;
    const cost = fieldsOf(answer)["receipt"];
    return {
      succeeded: textAt(answer, "result") === undefined && textAt(cost, "result") === "SUCCESS",
      blockNumber,
      energy: numberAt(cost, "energy_usage_total") ?? 0,
      feeSun: units(BigInt(numberAt(answer, "fee") ?? 0)),
      moves: listAt(answer, "log").flatMap((log) => this.#move(log)),
    };
  }

  /** Only moves of the one token count; anybody can emit an event that looks like one. */
  #move(log: unknown): TokenMove[] {
    const address = textAt(log, "address") ?? "";
    if (!/^[0-9a-f]{40}$/i.test(address) || fromEvm20(address) !== this.#options.usdtContract) return [];
    const move = decodeTransferLog({
      address,
      topics: listAt(log, "topics").map(String),
      data: textAt(log, "data") ?? "",
    });
    return move === undefined ? [] : [move];
  }
}

async function inParallel<In, Out>(items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}
