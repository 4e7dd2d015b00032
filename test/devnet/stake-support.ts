import { expect } from "vitest";
import type { Devnet } from "../../src/devnet/handle.ts";
import type { Contract, ContractType, ContractValue } from "../../src/tron/contracts.ts";
import { alice, bob, carol, infoOf, type Json, manualDevnet, pay, post, type Signed, type Wallet } from "./support.ts";

export const TRX = 1_000_000n;
export const DAY = 86_400_000;
export const BANDWIDTH = 0;
export const ENERGY = 1;

type Value<T extends ContractType> = Omit<ContractValue<T>, "owner_address">;

/** One contract of `from`. */
export function order<T extends ContractType>(type: T, value: Value<T>, from: Wallet = alice): Contract {
  const whole = { owner_address: from.hex41, ...value };
  // The value has the type that belongs to `type`; TypeScript does not tie the two in a union.
  return { type, permissionId: 0, value: whole } as unknown as Contract;
}

export const freeze = (trx: bigint, resource: number, from = alice) =>
  order("FreezeBalanceV2Contract", { frozen_balance: trx * TRX, resource }, from);
export const unfreeze = (trx: bigint, resource: number, from = alice) =>
  order("UnfreezeBalanceV2Contract", { unfreeze_balance: trx * TRX, resource }, from);
export const withdrawUnfrozen = (from = alice) => order("WithdrawExpireUnfreezeContract", {}, from);
export const cancelUnfreezing = (from = alice) => order("CancelAllUnfreezeV2Contract", {}, from);
export const delegate = (
  trx: bigint,
  resource: number,
  terms: { to?: Wallet; from?: Wallet; lock?: boolean; blocks?: bigint } = {},
) =>
  order(
    "DelegateResourceContract",
    {
      balance: trx * TRX,
      resource,
      receiver_address: (terms.to ?? bob).hex41,
      lock: terms.lock ?? false,
      lock_period: terms.blocks ?? 0n,
    },
    terms.from ?? alice,
  );
export const undelegate = (trx: bigint, resource: number, terms: { to?: Wallet; from?: Wallet } = {}) =>
  order(
    "UnDelegateResourceContract",
    { balance: trx * TRX, resource, receiver_address: (terms.to ?? bob).hex41 },
    terms.from ?? alice,
  );
export const vote = (votes: Readonly<Record<string, bigint>>, from = alice) =>
  order(
    "VoteWitnessContract",
    {
      votes: Object.entries(votes).map(([vote_address, vote_count]) => ({ vote_address, vote_count })),
      support: true,
    },
    from,
  );
export const withdrawReward = (from = alice) => order("WithdrawBalanceContract", {}, from);

/** A devnet on which alice, bob and carol have 10,000 TRX each. */
export async function stakingDevnet(options: Parameters<typeof manualDevnet>[0] = {}): Promise<Devnet> {
  const devnet = await manualDevnet(options);
  for (const { address } of [alice, bob, carol]) await devnet.faucet({ address, trxSun: 10_000n * TRX });
  await devnet.mine();
  return devnet;
}

/** What a builder of the node says against it; undefined: nothing. */
export async function objection(devnet: Devnet, path: string, body: unknown): Promise<string | undefined> {
  const answer = await post(devnet, `/wallet/${path}`, body);
  const text: unknown = answer["Error"];
  if (text === undefined) return undefined;
  const prefix = "class org.tron.core.exception.ContractValidateException : ";
  expect(text).toContain(prefix);
  return typeof text === "string" ? text.slice(prefix.length) : undefined;
}

/** Includes the transaction and returns its receipt without what is different each time. */
export async function receipt(devnet: Devnet, contract: Contract, signer: Wallet = alice): Promise<Json> {
  const tx: Signed = await pay(devnet, contract, { signers: [signer] });
  const { id, blockNumber: _, blockTimeStamp: __, ...info } = await infoOf(devnet, tx.txId);
  expect(id).toBe(tx.txId);
  return info;
}

export const accountOf = (devnet: Devnet, wallet: Wallet, scope = "wallet"): Promise<Json> =>
  post(devnet, `/${scope}/getaccount`, { address: wallet.hex41 });
export const resourcesOf = (devnet: Devnet, wallet: Wallet): Promise<Json> =>
  post(devnet, "/wallet/getaccountresource", { address: wallet.hex41 });
