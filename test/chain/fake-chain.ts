/** A chain in memory that does what the test says: forks, gaps, missed slots, lagging pool members, missing receipts. */
import { createHash } from "node:crypto";
import type {
  AccountFacts,
  Block,
  BlockHeader,
  BroadcastOutcome,
  ChainParameters,
  ContractLog,
  DestinationFacts,
  Estimate,
  Receipt,
  TokenTerms,
  TransferOrder,
} from "../../src/domain/chain-facts.ts";
import { Fault } from "../../src/domain/errors.ts";
import { type Asset, units } from "../../src/domain/money.ts";
import { soleOwner, type AccountPermissions, type Signatories } from "../../src/domain/permissions.ts";
import type { ChainGateway } from "../../src/ports/world.ts";
import { trxEstimate, usdtEstimate } from "../../src/chain/fees.ts";
import { toHex41 } from "../../src/tron/address.ts";
import { encodeRawTransaction } from "../../src/tron/transaction.ts";
import { TOPICS } from "../../src/tron/trc20.ts";

export type FakeTransfer = { asset: "USDT" | "TRX"; from: string; to: string; amount: string; nonce: string };
type FakeBlock = Block & { readonly transfers: ReadonlyMap<string, FakeTransfer> };

const SLOT_MS = 3_000;
export const FAKE_USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const PARAMETERS: ChainParameters = {
  energyFeeSun: 100,
  bandwidthFeeSun: 1_000,
  maxFeeLimitSun: 15_000_000_000,
  createAccountFeeSun: 100_000,
  newAccountFeeSun: 1_000_000,
  memoFeeSun: 1_000_000,
  unfreezeDelayDays: 14,
  raw: { getEnergyFee: 100 },
};

export class FakeChain implements ChainGateway {
  readonly calls: Record<string, number> = {};
  /** Whom the token has frozen. */
  readonly frozen = new Set<string>();
  /** Who changed who may sign for him. */
  readonly permitted = new Map<string, AccountPermissions>();
  terms: TokenTerms = { isPaused: false, feeBasisPoints: 0, feeMax: units(0n) };
  /** Blocks that have no receipts yet. */
  readonly withoutReceipts = new Set<number>();
  /** Thrown by the next read, once. */
  nextFault: Fault | undefined;
  solidLag: number;
  /** What the answering pool member lags behind: the head, the solidified head. */
  headDelay = 0;
  solidDelay = 0;
  /** Runs before every answer: where tests do something in the middle of a step. */
  onCall: (method: string) => void = () => {};
  private readonly chain: FakeBlock[] = [];
  private readonly genesisFunds = new Map<string, { trx: bigint; usdt: bigint }>();
  private pending = new Map<string, FakeTransfer>();
  private salt = 0;

  constructor(options: { solidLag?: number; blocks?: number } = {}) {
    this.solidLag = options.solidLag ?? 3;
    this.chain.push(this.makeBlock(undefined, { transfers: [], timestamp: 1_700_000_000_000 }));
    this.mine(options.blocks ?? 0);
  }

  get head(): number {
    return this.chain.length - 1;
  }

  get solid(): number {
    return Math.max(0, this.head - this.solidLag);
  }

  timeOf(number: number): number {
    return this.at(number).timestamp;
  }

  fund(address: string, funds: { trx: bigint; usdt: bigint }): void {
    this.genesisFunds.set(address, funds);
  }

  /** Mines empty blocks, the first of them with everything that was broadcast. */
  mine(count = 1, missedSlots = 0): void {
    for (let i = 0; i < count; i += 1) {
      this.mineWith([...this.pending.values()], missedSlots);
      this.pending = new Map();
    }
  }

  mineWith(transfers: readonly (FakeTransfer | string)[], missedSlots = 0): Block {
    const parent = this.at(this.head);
    const block = this.makeBlock(parent, {
      transfers: transfers.map((transfer) => (typeof transfer === "string" ? plain(transfer) : transfer)),
      timestamp: parent.timestamp + SLOT_MS * (1 + missedSlots),
    });
    this.chain.push(block);
    return block;
  }

  /** Takes back the newest `depth` blocks and returns their transactions. */
  cut(depth: number): string[] {
    return this.chain.splice(this.chain.length - depth).flatMap((block) => block.transactions.map(({ txId }) => txId));
  }

  /** Breaks the rule of the chain: another history below everything. */
  rewriteFrom(number: number): void {
    const count = this.chain.length - number;
    this.chain.splice(number);
    for (let i = 0; i < count; i += 1) this.mineWith([]);
  }

  blockOf(txId: string): Block | undefined {
    return this.chain.find((block) => block.transactions.some((transaction) => transaction.txId === txId));
  }

  at(number: number): FakeBlock {
    const block = this.chain[number];
    if (block === undefined) throw new Error(`no block ${number}`);
    return block;
  }

  async headBlock(): Promise<Block> {
    this.enter("headBlock");
    return this.at(Math.max(0, this.head - this.headDelay));
  }

  async solidBlock(): Promise<BlockHeader> {
    this.enter("solidBlock");
    const { number, id, parentId, timestamp } = this.at(Math.max(0, this.solid - this.solidDelay));
    return { number, id, parentId, timestamp };
  }

  async block(number: number): Promise<Block | undefined> {
    this.enter("block");
    return this.chain[number];
  }

  async blocks(from: number, to: number): Promise<Block[]> {
    this.enter("blocks");
    return this.chain.slice(from, to + 1);
  }

  async receipts(blockNumber: number): Promise<Receipt[]> {
    this.enter("receipts");
    const block = this.chain[blockNumber];
    if (block === undefined || this.withoutReceipts.has(blockNumber)) return [];
    return block.transactions.map(({ txId, result }) => ({
      txId,
      blockNumber,
      blockTimestamp: block.timestamp,
      result,
      feeSun: units(345_000n),
      energyUsed: 0,
      bandwidthUsed: 0,
      transfers: [],
      logs: logsOf(block.transfers.get(txId)),
    }));
  }

  async solidReceipt(txId: string): Promise<Receipt | undefined> {
    this.enter("solidReceipt");
    const block = this.blockOf(txId);
    if (block === undefined || block.number > this.solid) return undefined;
    return (await this.receipts(block.number)).find((receipt) => receipt.txId === txId);
  }

  async genesisId(): Promise<string> {
    return this.at(0).id;
  }

  async chainParameters(): Promise<ChainParameters> {
    return PARAMETERS;
  }

  async account(address: string): Promise<AccountFacts> {
    toHex41(address);
    const { trx, activated } = this.balances(address, this.head);
    const resources = { energyLimit: 0, energyUsed: 0, bandwidthLimit: activated ? 600 : 0, bandwidthUsed: 0 };
    return { address, activated, isContract: false, trxSun: units(trx), ...resources };
  }

  async signatories(address: string): Promise<Signatories> {
    toHex41(address);
    if (address === FAKE_USDT) return { kind: "contract" };
    const { activated } = this.balances(address, this.head);
    return { kind: activated ? "account" : "not activated", ...(this.permitted.get(address) ?? soleOwner(address)) };
  }

  async solidBalances(address: string) {
    const { trx, usdt } = this.balances(address, this.solid);
    return { trx: units(trx), usdt: units(usdt), atBlock: this.solid };
  }

  async tokenBalance(address: string) {
    return { amount: units(this.balances(address, this.head).usdt), atBlock: this.head };
  }

  async isBlacklisted(address: string): Promise<boolean> {
    return this.frozen.has(address);
  }

  async tokenTerms(): Promise<TokenTerms> {
    return this.terms;
  }

  /** The only contract of this chain is the token. */
  async destinations(addresses: readonly string[], asset: Asset): Promise<DestinationFacts[]> {
    return addresses.map((address) => {
      toHex41(address);
      return { isContract: address === FAKE_USDT, isFrozen: asset === "USDT" ? this.frozen.has(address) : undefined };
    });
  }

  async estimate(order: TransferOrder): Promise<Estimate> {
    const given = { parameters: PARAMETERS, policy: { headroomPercent: 25, feeCapSun: units(50_000_000n) } };
    const to = this.balances(order.to, this.head);
    if (order.asset === "TRX") return trxEstimate(order, { ...given, recipientActivated: to.activated });
    if (this.balances(order.from, this.head).usdt < BigInt(order.amount)) throw new Fault("simulation_reverted");
    return usdtEstimate({ energy: to.usdt > 0n ? 64_285 : 130_285, penalty: 0 }, given);
  }

  async broadcast(signedHex: string): Promise<BroadcastOutcome> {
    const answer = (kind: BroadcastOutcome["class"], code: string) => ({
      class: kind,
      code,
      message: "",
      node: "fake",
    });
    let transfer: FakeTransfer;
    try {
      transfer = JSON.parse(Buffer.from(signedHex, "hex").toString()) as FakeTransfer;
    } catch {
      return answer("refused", "SIGERROR");
    }
    const txId = txIdOf(transfer);
    if (this.pending.has(txId) || this.blockOf(txId) !== undefined) return answer("known", "DUP_TRANSACTION_ERROR");
    this.pending.set(txId, transfer);
    return answer("accepted", "SUCCESS");
  }

  private enter(method: string): void {
    this.calls[method] = (this.calls[method] ?? 0) + 1;
    this.onCall(method);
    const fault = this.nextFault;
    this.nextFault = undefined;
    if (fault !== undefined) throw fault;
  }

  private makeBlock(parent: Block | undefined, content: { transfers: FakeTransfer[]; timestamp: number }): FakeBlock {
    const number = parent === undefined ? 0 : parent.number + 1;
    this.salt += 1;
    const id = number.toString(16).padStart(16, "0") + sha(`${parent?.id}/${this.salt}`).slice(16);
    const transfers = new Map(content.transfers.map((transfer) => [txIdOf(transfer), transfer]));
    const transactions = [...transfers].map(([txId, transfer]) => ({ txId, result: "SUCCESS", ...bytesOf(transfer) }));
    return {
      number,
      id,
      parentId: parent?.id ?? "0".repeat(64),
      timestamp: content.timestamp,
      transactions,
      transfers,
    };
  }

  private balances(address: string, upTo: number): { trx: bigint; usdt: bigint; activated: boolean } {
    const funds = this.genesisFunds.get(address);
    const result = { trx: funds?.trx ?? 0n, usdt: funds?.usdt ?? 0n, activated: funds !== undefined };
    for (const block of this.chain.slice(0, upTo + 1)) {
      for (const { asset, from, to, amount } of block.transfers.values()) {
        const key = asset === "TRX" ? "trx" : "usdt";
        if (from === address) result[key] -= BigInt(amount);
        if (to === address) result[key] += BigInt(amount);
        if (to === address && asset === "TRX") result.activated = true;
      }
    }
    return result;
  }
}

export function txIdOf(transfer: FakeTransfer | string): string {
  return sha(JSON.stringify(typeof transfer === "string" ? plain(transfer) : transfer));
}

function isReal({ from, to }: FakeTransfer): boolean {
  return from !== "" && to !== "";
}

/** The event of a USDT transfer, as a node reports it. */
function logsOf(transfer: FakeTransfer | undefined): ContractLog[] {
  if (transfer === undefined || transfer.asset !== "USDT" || !isReal(transfer)) return [];
  const word = (address: string) => toHex41(address).slice(2).padStart(64, "0");
  const topics = [TOPICS["Transfer(address,address,uint256)"], word(transfer.from), word(transfer.to)];
  return [
    { address: toHex41(FAKE_USDT).slice(2), topics, data: BigInt(transfer.amount).toString(16).padStart(64, "0") },
  ];
}

function bytesOf(transfer: FakeTransfer): { rawHex?: string } {
  if (transfer.asset !== "TRX" || !isReal(transfer)) return {};
  const value = {
    owner_address: toHex41(transfer.from),
    to_address: toHex41(transfer.to),
    amount: BigInt(transfer.amount),
  };
  const rawHex = encodeRawTransaction({
    refBlockBytes: "0102",
    refBlockHash: "0102030405060708",
    expiration: 1n,
    timestamp: 1n,
    feeLimit: 0n,
    data: "",
    contracts: [{ type: "TransferContract", permissionId: 0, value }],
  });
  return { rawHex };
}

function plain(nonce: string): FakeTransfer {
  return { asset: "TRX", from: "", to: "", amount: "0", nonce };
}

function sha(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
