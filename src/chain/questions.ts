/** What can be asked of one node, and the checked facts that come back. Each question is one request unless it says so. */
import type {
  AccountFacts,
  Block,
  BlockHeader,
  ChainParameters,
  DestinationFacts,
  EnergyUse,
  Receipt,
  TronAddress,
  TxId,
} from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import type { Units } from "../domain/money.ts";
import type { Signatories } from "../domain/permissions.ts";
import { toEvmWord, toHex41, ZERO_ADDRESS } from "../tron/address.ts";
import type { Asker } from "./asking.ts";
import { parseBlock, parseBlocks } from "./block-json.ts";
import { lookCode, readLook } from "./destination-look.ts";
import { accountFact, blockFact, chainParametersFact, headerFact, receiptFact, unitsFact } from "./facts.ts";
import { signatoriesFact } from "./permission-facts.ts";
import { parseReceipts } from "./receipt-json.ts";
import * as wire from "./wire.ts";

/**
 * A block has at most 2 MB of its own encoding, which as JSON (as hex, and spelled out beside it) is some 16 MB; a page
 * holds ten. Receipts carry what contracts log. Neither is built from more than what its reader takes out.
 */
const BULK_MAX = 64 * 1024 * 1024;
/** Anybody can send tokens to an account, and an answer names them all, several times: some 1 MB for all of TRC-10. */
const ACCOUNT = { maxBytes: 4 * 1024 * 1024 } as const;
const BLOCK = { parse: parseBlock, maxBytes: BULK_MAX } as const;
const BLOCKS = { parse: parseBlocks, maxBytes: BULK_MAX } as const;
/** Of any transaction, whatever it logged. */
const RECEIPT = { maxBytes: 8 * 1024 * 1024 } as const;
const RECEIPTS = { parse: parseReceipts, maxBytes: BULK_MAX } as const;

/** A full node's view of its head, or the view that ends at the solidified block. */
type Prefix = "wallet" | "walletsolidity";

export async function askHead(node: Asker): Promise<Block> {
  const block = await node.ask({ path: "wallet/getnowblock", body: {}, ...BLOCK }, (answer) =>
    blockFact(wire.readBlock(answer)),
  );
  node.saw("head", block);
  return block;
}

/** The newest block's header without its transactions. */
export async function askHeadHeader(node: Asker): Promise<BlockHeader> {
  const header = await node.ask({ path: "wallet/getblock", body: { detail: false }, ...BLOCK }, readHeader);
  node.saw("head", header);
  return header;
}

export async function askSolid(node: Asker): Promise<BlockHeader> {
  const header = await node.ask({ path: "walletsolidity/getnowblock", body: {}, ...BLOCK }, readHeader);
  node.saw("solid", header);
  return header;
}

/** The block that is solidified at the height for this node; `undefined`: none yet. */
export function askSolidHeader(node: Asker, number: number): Promise<BlockHeader | undefined> {
  const question = { path: "walletsolidity/getblock", body: { id_or_num: `${number}`, detail: false }, ...BLOCK };
  return node.ask(question, (answer) => {
    const found = wire.readBlockHeaderOrNothing(answer);
    if (found === undefined) return undefined;
    const header = headerFact(found);
    if (header.number !== number) throw new Fault("chain_error", `asked for block ${number}, got ${header.number}`);
    return header;
  });
}

/** `undefined`: the node has no such block yet. */
export function askBlock(node: Asker, number: number, prefix: Prefix = "wallet"): Promise<Block | undefined> {
  const question = { path: `${prefix}/getblockbynum`, body: { num: number }, ...BLOCK };
  return node.ask(question, (answer) => {
    const found = wire.readBlockOrNothing(answer);
    if (found === undefined) return undefined;
    const block = blockFact(found);
    if (block.number !== number) throw new Fault("chain_error", `asked for block ${number}, got ${block.number}`);
    return block;
  });
}

/** Blocks `from`..`to` inclusive, at most 100, ascending; may stop early at the node's head. */
export function askBlocks(node: Asker, from: number, to: number): Promise<Block[]> {
  const body = { startNum: from, endNum: to + 1 };
  return node.ask({ path: "wallet/getblockbylimitnext", body, ...BLOCKS }, (answer) => {
    const page = Array.from(wire.readBlocks(answer), blockFact).toSorted((a, b) => a.number - b.number);
    if (page.some((block, index) => block.number !== from + index) || page.length > to - from + 1) {
      throw new Fault("chain_error", `the page ${from}..${to} has a hole or blocks that were not asked for`);
    }
    return page;
  });
}

export async function askReceipts(node: Asker, blockNumber: number, prefix: Prefix = "wallet"): Promise<Receipt[]> {
  // The genesis block has none, and the node answers `{}` for it.
  if (blockNumber <= 0) return [];
  const body = { num: blockNumber };
  return node.ask({ path: `${prefix}/gettransactioninfobyblocknum`, body, ...RECEIPTS }, (answer) => {
    const receipts = wire.readInfos(answer).map(receiptFact);
    if (receipts.some((receipt) => receipt.blockNumber !== blockNumber)) {
      throw new Fault("chain_error", `the receipts of block ${blockNumber} name another block`);
    }
    return receipts;
  });
}

/** `undefined`: not in a solidified block of this node. */
export function askSolidReceipt(node: Asker, txId: TxId): Promise<Receipt | undefined> {
  const question = { path: "walletsolidity/gettransactioninfobyid", body: { value: txId }, ...RECEIPT };
  return node.ask(question, (answer) => {
    const found = wire.readInfoOrNothing(answer);
    if (found === undefined) return undefined;
    if (found.id !== txId) {
      throw new Fault("chain_error", "the node answered with the receipt of another transaction");
    }
    return receiptFact(found);
  });
}

/** Solidity nodes know the same block 0. */
export function askGenesisId(node: Asker, prefix: Prefix = "wallet"): Promise<string> {
  return node.ask({ path: `${prefix}/getblockbynum`, body: { num: 0 }, ...BLOCK }, (answer) => {
    const genesis = readHeader(answer);
    if (genesis.number !== 0) throw new Fault("chain_error", "asked for the genesis block, got another");
    return genesis.id;
  });
}

export function askParameters(node: Asker): Promise<ChainParameters> {
  return node.ask({ path: "wallet/getchainparameters", body: {} }, (answer) =>
    chainParametersFact(wire.readChainParameters(answer)),
  );
}

/** Two requests for an activated account. */
export async function askAccount(node: Asker, address: TronAddress): Promise<AccountFacts> {
  const body = { address: toHex41(address) };
  const account = await node.ask({ path: "wallet/getaccount", body, ...ACCOUNT }, wire.readAccountOrNothing);
  if (account === undefined) return accountFact({ address, account, resource: {} });
  return node.ask({ path: "wallet/getaccountresource", body, ...ACCOUNT }, (answer) =>
    accountFact({ address, account, resource: wire.readAccountResource(answer) }),
  );
}

export function askSignatories(node: Asker, address: TronAddress): Promise<Signatories> {
  return node.ask({ path: "wallet/getaccount", body: { address: toHex41(address) }, ...ACCOUNT }, (answer) =>
    signatoriesFact(address, wire.readPermissionsOrNothing(answer)),
  );
}

/** TRX in solidified blocks. */
export function askSolidTrx(node: Asker, address: TronAddress): Promise<Units> {
  return node.ask({ path: "walletsolidity/getaccount", body: { address: toHex41(address) }, ...ACCOUNT }, (answer) =>
    unitsFact(wire.readAccountOrNothing(answer)?.balance ?? 0),
  );
}

/** The first word that a view of a token contract returns. */
export async function askView(
  node: Asker,
  call: {
    readonly prefix: Prefix;
    readonly contract: TronAddress;
    readonly selector: "balanceOf(address)" | "isBlackListed(address)";
    readonly subject: TronAddress;
  },
): Promise<bigint> {
  const { subject: from, ...asked } = call;
  return wordOf(node, { ...asked, from, parameter: toEvmWord(from) });
}

/** The same of a view that takes nothing. */
export function askTokenWord(
  node: Asker,
  contract: TronAddress,
  selector: "paused()" | "basisPointsRate()" | "maximumFee()",
): Promise<bigint> {
  return wordOf(node, { prefix: "wallet", from: ZERO_ADDRESS, contract, selector, parameter: "" });
}

async function wordOf(node: Asker, call: Parameters<typeof askCall>[1]): Promise<bigint> {
  const word = succeeded(await askCall(node, call), "chain_error").constant_result?.[0];
  if (word === undefined || word.length !== 64) throw new Fault("chain_error", `${call.selector} returned no word`);
  return BigInt(`0x${word}`);
}

/** Without `contract_address` a node tries the creation of a contract; nothing stays of it. `token`: asked who is frozen. */
export async function askDestinations(
  node: Asker,
  look: { readonly addresses: readonly TronAddress[]; readonly token: TronAddress | undefined },
): Promise<DestinationFacts[]> {
  const body = { owner_address: toHex41(ZERO_ADDRESS), data: lookCode(look.addresses, look.token) };
  const answer = await node.ask({ path: "wallet/triggerconstantcontract", body }, wire.readCallResult);
  return readLook(succeeded(answer, "chain_error").constant_result?.[0] ?? "", look.addresses.length);
}

/** Energy that the node measured for this very call. Throws `Fault("simulation_reverted")`. */
export async function askEnergy(
  node: Asker,
  call: {
    readonly from: TronAddress;
    readonly contract: TronAddress;
    readonly selector: string;
    readonly parameter: string;
  },
): Promise<EnergyUse> {
  const { energy_used: energy, energy_penalty: penalty = 0 } = succeeded(
    await askCall(node, { prefix: "wallet", ...call }),
    "simulation_reverted",
  );
  // A transfer that uses nothing was not executed; a fee limit of zero would burn and send nothing.
  if (energy === undefined || energy === 0) {
    throw new Fault("chain_error", "the node simulated the transfer without using energy");
  }
  return { energy, penalty: Math.min(penalty, energy) };
}

export function askBroadcast(node: Asker, signedHex: string): Promise<wire.WireBroadcastReturn> {
  return node.ask({ path: "wallet/broadcasthex", body: { transaction: signedHex } }, wire.readBroadcastReturn);
}

function askCall(
  node: Asker,
  call: {
    readonly prefix: string;
    readonly from: TronAddress;
    readonly contract: TronAddress;
    readonly selector: string;
    readonly parameter: string;
  },
): Promise<wire.WireCallResult> {
  const body = {
    owner_address: toHex41(call.from),
    contract_address: toHex41(call.contract),
    function_selector: call.selector,
    parameter: call.parameter,
  };
  return node.ask({ path: `${call.prefix}/triggerconstantcontract`, body }, wire.readCallResult);
}

/** A constant call can say `result: true` and have failed all the same (tron.md §2.3, §12.20). */
function succeeded(call: wire.WireCallResult, onRevert: "simulation_reverted" | "chain_error"): wire.WireCallResult {
  const message = wire.messageText(call.result.message);
  if (call.result.result !== true) {
    throw new Fault(
      "chain_error",
      `the node did not run the call: ${call.result.code ?? "no code"} ${message.slice(0, 200)}`,
    );
  }
  const failed = call.transaction?.ret?.some((ret) => ret.ret !== undefined && ret.ret !== "SUCESS") === true;
  if (failed || message !== "") throw new Fault(onRevert, message === "" ? undefined : message.slice(0, 200));
  return call;
}

function readHeader(answer: unknown): BlockHeader {
  return headerFact(wire.readBlockHeader(answer));
}
