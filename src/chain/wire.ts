/**
 * What TRON nodes send, as schemas (tron.md §2.3). Nothing of a node's answer is used that has not passed one of them.
 *
 * W1. Nodes omit zero, false and empty fields. A default is therefore applied only inside an object that was checked.
 * W2. `{}` means "not found" only for the look-ups that say so here; everywhere else it fails the check.
 * W3. Unknown fields are ignored: nodes of newer versions add some.
 */
import { Type, type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { ContractLog } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { BlockList, isPlain } from "./block-json.ts";
import { isPlain as isPlainInfos } from "./receipt-json.ts";

const Hash = Type.String({ pattern: "^[0-9a-f]{64}$" });
const Hex = Type.String({ pattern: "^([0-9a-fA-F]{2})*$" });
const LowerHex = Type.String({ pattern: "^([0-9a-f]{2})*$" });
const Count = Type.Integer({ minimum: 0 });
/** An amount of the chain: exact as a number, or a bigint beyond 2^53. */
const Amount = Type.Union([Count, Type.BigInt({ minimum: 0n })]);
const Word = Type.String({ maxLength: 64 });

const Results = Type.Optional(
  Type.Array(Type.Object({ contractRet: Type.Optional(Word), ret: Type.Optional(Word), fee: Type.Optional(Amount) })),
);

const BlockTransaction = Type.Object({
  txID: Hash,
  raw_data_hex: LowerHex,
  signature: Type.Optional(Type.Array(LowerHex)),
  ret: Results,
});

const BlockHeader = Type.Object({
  blockID: Hash,
  block_header: Type.Object({
    raw_data: Type.Object({
      // Genesis is the one block that omits its number and may omit its timestamp.
      number: Type.Optional(Count),
      timestamp: Type.Optional(Count),
      parentHash: Hash,
      txTrieRoot: Type.Optional(Hash),
      witness_id: Type.Optional(Count),
      witness_address: Type.Optional(LowerHex),
      version: Type.Optional(Count),
      accountStateRoot: Type.Optional(LowerHex),
    }),
    witness_signature: Type.Optional(LowerHex),
  }),
});

const Block = Type.Interface([BlockHeader], { transactions: Type.Optional(Type.Array(BlockTransaction)) });

/** What is left to check where `parseBlocks` has seen to the hex: patterns are half of what a full block costs here. */
const PlainBlock = Type.Interface([BlockHeader], {
  transactions: Type.Array(
    Type.Object({
      txID: Type.String(),
      raw_data_hex: Type.String(),
      signature: Type.Optional(Type.Array(Type.String())),
      ret: Results,
    }),
  ),
});

const Log = Type.Object({
  /** 20 bytes without the 41 prefix. */
  address: Type.String({ pattern: "^[0-9a-fA-F]{40}$" }),
  topics: Type.Optional(Type.Array(Hash)),
  data: Type.Optional(Hex),
});

const TransactionInfo = Type.Object({
  id: Hash,
  blockNumber: Count,
  blockTimeStamp: Count,
  fee: Type.Optional(Amount),
  contract_address: Type.Optional(Type.String()),
  result: Type.Optional(Word),
  resMessage: Type.Optional(Hex),
  receipt: Type.Object({
    energy_usage_total: Type.Optional(Count),
    net_usage: Type.Optional(Count),
    result: Type.Optional(Word),
  }),
  log: Type.Optional(Type.Array(Log)),
});

const Account = Type.Object({
  address: Type.String(),
  balance: Type.Optional(Amount),
  type: Type.Optional(Word),
});

const Permission = Type.Object({
  id: Type.Optional(Count),
  permission_name: Type.Optional(Word),
  threshold: Type.Optional(Amount),
  operations: Type.Optional(Type.String({ pattern: "^[0-9a-fA-F]{64}$" })),
  keys: Type.Optional(
    Type.Array(
      Type.Object({ address: Type.String({ pattern: "^41[0-9a-fA-F]{40}$" }), weight: Type.Optional(Amount) }),
      { maxItems: 5 },
    ),
  ),
});

/** The chain allows no more keys and active permissions (tron.md §1.5). */
const AccountPermissions = Type.Object({
  address: Type.String(),
  type: Type.Optional(Word),
  owner_permission: Type.Optional(Permission),
  witness_permission: Type.Optional(Permission),
  active_permission: Type.Optional(Type.Array(Permission, { maxItems: 8 })),
});

/** Every field may be absent: a fresh account with nothing used shows only what is not zero. */
const AccountResource = Type.Object({
  freeNetUsed: Type.Optional(Count),
  freeNetLimit: Type.Optional(Count),
  NetUsed: Type.Optional(Count),
  NetLimit: Type.Optional(Count),
  EnergyUsed: Type.Optional(Count),
  EnergyLimit: Type.Optional(Count),
});

const ChainParameters = Type.Object({
  chainParameter: Type.Array(
    Type.Object({ key: Type.String(), value: Type.Optional(Type.Union([Type.Integer(), Type.BigInt()])) }),
    { minItems: 1 },
  ),
});

const CallResult = Type.Object({
  result: Type.Object({
    result: Type.Optional(Type.Boolean()),
    code: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
    message: Type.Optional(Type.String()),
  }),
  energy_used: Type.Optional(Count),
  energy_penalty: Type.Optional(Count),
  constant_result: Type.Optional(Type.Array(Hex)),
  transaction: Type.Optional(
    Type.Object({ ret: Type.Optional(Type.Array(Type.Object({ ret: Type.Optional(Word) }))) }),
  ),
});

const BroadcastReturn = Type.Object({
  result: Type.Optional(Type.Boolean()),
  code: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
  message: Type.Optional(Type.String()),
  txid: Type.Optional(Type.String()),
});

const BlockPage = Type.Object({ block: Type.Optional(Type.Array(Type.Unknown())) });

export type WireBlockHeader = Static<typeof BlockHeader>;
export type WireBlock = Static<typeof Block>;
export type WireTransaction = Static<typeof BlockTransaction>;
export type WireInfo = Omit<Static<typeof TransactionInfo>, "log"> & { readonly log?: Iterable<ContractLog> };
export type WireAccount = Static<typeof Account>;
export type WirePermission = Static<typeof Permission>;
export type WireAccountPermissions = Static<typeof AccountPermissions>;
export type WireAccountResource = Static<typeof AccountResource>;
export type WireChainParameters = Static<typeof ChainParameters>;
export type WireCallResult = Static<typeof CallResult>;
export type WireBroadcastReturn = Static<typeof BroadcastReturn>;

export const readBlockHeader = reader("block header", BlockHeader);
export const readBlockHeaderOrNothing = orNothing(readBlockHeader);
export const readBlock = readPlainly(reader("block", Block));
export const readBlockOrNothing = orNothing(readBlock);
/** `{}` is an empty page. */
export function* readBlocks(value: unknown): Generator<WireBlock> {
  const { block = [] } = isPage(value) ? value : readList(value);
  for (const each of block) yield readBlock(each);
}

function isPage(value: unknown): value is { block: BlockList } {
  return typeof value === "object" && value !== null && "block" in value && value.block instanceof BlockList;
}

const readList = reader("list of blocks", BlockPage);
const readAnyInfo = reader("receipt", TransactionInfo);
const readAnyInfos = reader("list of receipts", Type.Array(TransactionInfo));
export const readInfoOrNothing = orNothing((value) => withLogs(readAnyInfo(value)));
export const readInfos = (value: unknown): readonly WireInfo[] =>
  isPlainInfos(value) ? value : readAnyInfos(value).map(withLogs);

function withLogs(info: Static<typeof TransactionInfo>): WireInfo {
  const { log = [], ...rest } = info;
  return { ...rest, log: log.map(({ address, topics = [], data = "" }) => ({ address, topics, data })) };
}

export const readAccountOrNothing = orNothing(reader("account", Account));
export const readPermissionsOrNothing = orNothing(reader("permissions of an account", AccountPermissions));
export const readAccountResource = reader("account resource", AccountResource);
export const readChainParameters = reader("chain parameters", ChainParameters);
export const readCallResult = reader("call result", CallResult);
export const readBroadcastReturn = reader("broadcast answer", BroadcastReturn);

/** The text of an error that a node wrapped into HTTP 200, or `undefined` (tron.md §2.1). */
export function nodeErrorOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("Error" in value)) return undefined;
  return typeof value.Error === "string" ? value.Error : "an error without text";
}

/** Hex of UTF-8 text as nodes wrap their messages; text that is not hex stays as it is. */
export function messageText(message: string | undefined): string {
  if (message === undefined) return "";
  if (message.length === 0 || !/^([0-9a-fA-F]{2})+$/.test(message)) return message;
  return Buffer.from(message, "hex").toString("utf8");
}

function readPlainly(read: (value: unknown) => WireBlock): (value: unknown) => WireBlock {
  const readPlain = reader("block", PlainBlock);
  return (value) => {
    const isKnown = typeof value === "object" && value !== null && "transactions" in value;
    return isKnown && isPlain(value.transactions) ? readPlain(value) : read(value);
  };
}

/** A function that returns the value as its type, or throws `Fault("chain_error")` naming the first thing that is wrong. */
function reader<T extends TSchema>(name: string, schema: T): (value: unknown) => Static<T> {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return value;
    const error = nodeErrorOf(value) ?? describe(validator.Errors(value)[0]);
    throw new Fault("chain_error", `the node's ${name} cannot be trusted: ${error}`);
  };
}

function orNothing<T>(read: (value: unknown) => T): (value: unknown) => T | undefined {
  return (value) => (isEmptyObject(value) ? undefined : read(value));
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function describe(error: { instancePath: string; message: string } | undefined): string {
  return error === undefined
    ? "wrong shape"
    : `${error.instancePath === "" ? "it" : error.instancePath} ${error.message}`;
}
