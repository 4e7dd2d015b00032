import { afterEach } from "vitest";
import { startDevnet } from "../../src/devnet/devnet.ts";
import type { Devnet, DevnetOptions } from "../../src/devnet/handle.ts";
import { toJson } from "../../src/devnet/http/json.ts";
import { renderTransaction } from "../../src/devnet/http/render.ts";
import { privateKeyToAddress, toHex41 } from "../../src/tron/address.ts";
import type { Contract } from "../../src/tron/contracts.ts";
import { sign } from "../../src/tron/signature.ts";
import {
  encodeRawTransaction,
  encodeSigned,
  type RawTransaction,
  refBlockOf,
  txIdOf,
} from "../../src/tron/transaction.ts";
import { encodeTransferCall } from "../../src/tron/trc20.ts";

const running: Devnet[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((devnet) => devnet.close()));
});

/** A devnet that makes blocks only when told; closed after the test. */
export async function manualDevnet(options: Partial<DevnetOptions> = {}): Promise<Devnet> {
  const devnet = await startDevnet({ port: 0, slotMs: "manual", ...options });
  running.push(devnet);
  return devnet;
}

/** What a node answered; each test says what it expects to be in it. */
export type Json = Record<string, ReturnType<typeof JSON.parse>>;

export async function post(devnet: Devnet, path: string, body: unknown = {}): Promise<Json> {
  const response = await fetch(devnet.url + path, {
    method: "POST",
    body: JSON.stringify(body, (_, value) => (typeof value === "bigint" ? Number(value) : value)),
  });
  return (await response.json()) as Json;
}

export class Wallet {
  readonly key: string;
  readonly address: string;
  readonly hex41: string;

  constructor(key: string) {
    this.key = key;
    this.address = privateKeyToAddress(key);
    this.hex41 = toHex41(this.address);
  }
}

export const alice = new Wallet("01".repeat(32));
export const bob = new Wallet("02".repeat(32));
export const carol = new Wallet("03".repeat(32));

let unique = 0;

export type Signed = { hex: string; txId: string; rawHex: string; raw: RawTransaction; signatures: string[] };

/** Refers to the solidified block, lives 60 s from the head, has a timestamp of its own; `change` alters any of it. */
export async function signed(
  devnet: Devnet,
  contract: Contract,
  change: Partial<RawTransaction> & { signers?: Wallet[] } = {},
): Promise<Signed> {
  const head = devnet.ledger.headTimestamp();
  const { blockID, block_header } = await post(devnet, "/walletsolidity/getnowblock");
  unique += 1;
  const { signers = [alice], ...altered } = change;
  const raw: RawTransaction = {
    ...refBlockOf(block_header.raw_data.number, blockID),
    expiration: BigInt(head + 60_000),
    timestamp: BigInt(head + unique),
    feeLimit: contract.type === "TriggerSmartContract" ? 100_000_000n : 0n,
    data: "",
    contracts: [contract],
    ...altered,
  };
  const rawHex = encodeRawTransaction(raw);
  const txId = txIdOf(rawHex);
  const signatures = signers.map((wallet) => sign(txId, wallet.key));
  return { hex: encodeSigned(rawHex, signatures), txId, rawHex, raw, signatures };
}

/** A signed transaction as clients send it to broadcasttransaction. */
export function asJson({ txId, rawHex, raw, signatures }: Signed, visible = false): Json {
  const shown = renderTransaction({ id: txId, rawHex, raw, signatures }, visible);
  return { visible, ...JSON.parse(toJson(shown)) };
}

export function trxTransfer(to: Wallet, amount: bigint, from = alice): Contract {
  return {
    type: "TransferContract",
    permissionId: 0,
    value: { owner_address: from.hex41, to_address: to.hex41, amount },
  };
}

export function usdtTransfer(devnet: Devnet, to: Wallet, amount: bigint, from = alice): Contract {
  return call(devnet, encodeTransferCall(to.address, amount), from);
}

export function call(devnet: Devnet, data: string, from = alice): Contract {
  const value = {
    owner_address: from.hex41,
    contract_address: toHex41(devnet.usdtContract),
    call_value: 0n,
    data,
    call_token_value: 0n,
    token_id: 0n,
  };
  return { type: "TriggerSmartContract", permissionId: 0, value };
}

export async function broadcast(devnet: Devnet, tx: Signed): Promise<Json> {
  return post(devnet, "/wallet/broadcasthex", { transaction: tx.hex });
}

/** Signs, broadcasts and includes; fails the test if the node refuses. */
export async function pay(
  devnet: Devnet,
  contract: Contract,
  change: Parameters<typeof signed>[2] = {},
): Promise<Signed> {
  const tx = await signed(devnet, contract, change);
  const answer = await broadcast(devnet, tx);
  if (answer["result"] !== true) throw new Error(`refused: ${answer["code"]} ${answer["message"]}`);
  await devnet.mine();
  return tx;
}

/** A devnet on which alice has 1,000 TRX and 1,000 USDT, and bob holds 1 USDT and is active. */
export async function fundedDevnet(options: Partial<DevnetOptions> = {}): Promise<Devnet> {
  const devnet = await manualDevnet(options);
  await devnet.faucet({ address: alice.address, trxSun: 1_000_000_000n, usdt: 1_000_000_000n });
  await devnet.faucet({ address: bob.address, trxSun: 1_000_000n, usdt: 1_000_000n });
  await devnet.mine();
  return devnet;
}

export const infoOf = (devnet: Devnet, txId: string): Promise<Json> =>
  post(devnet, "/wallet/gettransactioninfobyid", { value: txId });

/** Lets the node build a transaction, signs, sends and includes it; its receipt, or what the node said instead. */
export async function perform(devnet: Devnet, path: string, body: Json, wallet = alice): Promise<Json> {
  const built = await post(devnet, path, { owner_address: wallet.hex41, ...body });
  if (built["txID"] === undefined) return built;
  const answer = await post(devnet, "/wallet/broadcasttransaction", {
    ...built,
    signature: [sign(built["txID"], wallet.key)],
  });
  if (answer["result"] !== true) return answer;
  await devnet.mine();
  return infoOf(devnet, answer["txid"]);
}
