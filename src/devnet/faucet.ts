/** The rich accounts of the devnet: they give, and they run the token contract, by ordinary signed transactions. */
import type { TronAddress } from "../domain/chain-facts.ts";
import { Fault } from "../domain/errors.ts";
import { toEvmWord, toHex41 } from "../tron/address.ts";
import type { Contract } from "../tron/contracts.ts";
import { sign } from "../tron/signature.ts";
import { encodeRawTransaction, refBlockOf, txIdOf } from "../tron/transaction.ts";
import { encodeTransferCall, encodeUint, SELECTORS } from "../tron/trc20.ts";
import type { Chain } from "./chain.ts";
import type { KeyPair } from "./genesis.ts";
import { transactionOf } from "./transactions.ts";

export type Grant = {
  readonly address: TronAddress;
  readonly trxSun?: bigint;
  /** Base units: 10^-6 USDT. */
  readonly usdt?: bigint;
};

const LIFETIME_MS = 3_600_000;
const FEE_LIMIT = 100_000_000n;

export class Faucet {
  readonly #chain: Chain;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** Throws `Fault("chain_error")` when the chain does not take the transfers. */
  async give(grant: Grant): Promise<void> {
    const { faucet, usdt } = this.#chain.genesis;
    if (grant.trxSun !== undefined) {
      const value = { owner_address: faucet.address, to_address: toHex41(grant.address), amount: grant.trxSun };
      await this.#send(faucet, { type: "TransferContract", permissionId: 0, value });
    }
    if (grant.usdt !== undefined) {
      await this.#send(
        faucet,
        callOf({ from: faucet, contract: usdt, data: encodeTransferCall(grant.address, grant.usdt) }),
      );
    }
  }

  /** Calls a function that only the token's owner may call. */
  async administer(signature: keyof typeof SELECTORS, parameters: readonly (TronAddress | bigint)[]): Promise<void> {
    const { tokenOwner, usdt } = this.#chain.genesis;
    const words = parameters.map((value) => (typeof value === "bigint" ? encodeUint(value) : toEvmWord(value)));
    await this.#send(
      tokenOwner,
      callOf({ from: tokenOwner, contract: usdt, data: SELECTORS[signature] + words.join("") }),
    );
  }

  async #send(from: KeyPair, contract: Contract): Promise<void> {
    const { head, solidNumber } = this.#chain.store;
    const reference = this.#chain.store.block(solidNumber) ?? head;
    const rawHex = encodeRawTransaction({
      ...refBlockOf(reference.number, reference.id),
      expiration: BigInt(head.timestamp + LIFETIME_MS),
      timestamp: BigInt(head.timestamp + this.#chain.tick()),
      feeLimit: contract.type === "TriggerSmartContract" ? FEE_LIMIT : 0n,
      data: "",
      contracts: [contract],
    });
    const refused = await this.#chain.offer(transactionOf(rawHex, [sign(txIdOf(rawHex), from.privateKey)]));
    if (refused !== undefined) throw new Fault("chain_error", `the devnet refused its own faucet: ${refused.message}`);
  }
}

function callOf(call: { from: KeyPair; contract: string; data: string }): Contract {
  const value = {
    owner_address: call.from.address,
    contract_address: call.contract,
    call_value: 0n,
    data: call.data,
    call_token_value: 0n,
    token_id: 0n,
  };
  return { type: "TriggerSmartContract", permissionId: 0, value };
}
