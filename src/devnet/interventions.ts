/** What a developer may change on a chain without a transaction (`Chain.intervene`). */
import { fromHex, toHex } from "../tron/bytes.ts";
import { keccak_256 } from "../tron/hashes.ts";
import type { Change } from "./branch.ts";
import { codeKey, contractKey, slotKey, storageOwner } from "./evm/contract-keys.ts";
import type { SmartContract } from "./evm/contract-rows.ts";
import { accountKey, accountOf, newAccount, read } from "./state.ts";
import { unlockedKey } from "./unlocked.ts";

/** An account that does not exist comes to be. `now`: ms of the chain. */
export function setBalance(hex41: string, sun: bigint, now: number): Change {
  return (session) => {
    session.write(accountKey(hex41), { ...(accountOf(session, hex41) ?? newAccount(now)), balance: sun });
  };
}

/** Puts code at an address, as if it had been deployed there without an interface; its storage stays. */
export function setCode(hex41: string, code: string, now: number): Change {
  return (session) => {
    session.write(accountKey(hex41), { ...(accountOf(session, hex41) ?? newAccount(now)), isContract: true });
    const contract = read(session, contractKey(hex41)) ?? blankContract(hex41);
    const code_hash = toHex(keccak_256(fromHex(code)));
    session.write(contractKey(hex41), { ...contract, bytecode: code, code_hash });
    session.write(codeKey(hex41), code);
  };
}

export function setSlot(hex41: string, slot: bigint, value: bigint): Change {
  return (session) => {
    const key = slotKey(storageOwner(hex41, read(session, contractKey(hex41))), slot);
    if (value === 0n) session.restore(key, undefined);
    else session.write(key, value);
  };
}

function blankContract(hex41: string): SmartContract {
  return {
    origin_address: hex41,
    contract_address: hex41,
    abi: undefined,
    bytecode: "",
    call_value: 0n,
    consume_user_resource_percent: 100n,
    name: "",
    origin_energy_limit: 10_000_000n,
    code_hash: "",
    trx_hash: "",
    version: 0,
  };
}

/** From now on nobody has to sign for these accounts. */
export function unlock(accounts: readonly string[]): Change {
  return (session) => {
    for (const hex41 of accounts) session.write(unlockedKey(hex41), true);
  };
}
