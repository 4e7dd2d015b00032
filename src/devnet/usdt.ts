/**
 * The devnet's USDT: a contract of its own (contracts/tether-token.sol, tron.md §7), deployed before the first block.
 *
 * Its energy factor is held at the most that the network allows, where mainnet's stands: a transfer costs 64,285 to a
 * holder and 130,285 to a new one (docs/adr/0015). The source is padded so that this comes out to the unit.
 */
import artifact from "./contracts/tether-token.json" with { type: "json" };
import { keccak_256 } from "../tron/hashes.ts";
import { fromHex, toHex } from "../tron/bytes.ts";
import { encodeUint, SELECTORS } from "../tron/trc20.ts";
import { abiOf } from "./evm/abi.ts";
import { energyKey, slotKey } from "./evm/contract-keys.ts";
import { executeContract } from "./evm/execution.ts";
import type { Tvm } from "./evm/tvm.ts";
import { INITIAL_PARAMETERS } from "./parameters.ts";
import { read, type Session, type View } from "./state.ts";

const DECIMALS = 6n;
const NAME = "Tether USD";
const SYMBOL = "USDT";
const ENERGY = 100_000_000;

/** Deploys it at `contract` for `owner`, and gives everything to `holder`. Addresses are "41…". */
export async function deployUsdt(
  session: Session,
  vm: Tvm,
  token: { contract: string; owner: string; holder: string; supply: bigint; now: number },
): Promise<void> {
  const { contract, owner, now } = token;
  const bytecode = artifact.bytecode + constructorWords(token.supply);
  const around = { block: { number: 0, timestamp: 0, witness: "", idOf: () => undefined }, now };
  const order = {
    txId: "00".repeat(32),
    caller: owner,
    contract,
    callValue: 0n,
    tokenValue: 0n,
    tokenId: 0n,
    energyLimit: ENERGY,
    isConstant: false,
  };
  const creates = {
    origin_address: owner,
    contract_address: contract,
    abi: abiOf(artifact.abi),
    bytecode,
    call_value: 0n,
    consume_user_resource_percent: 100n,
    name: artifact.name,
    origin_energy_limit: 10_000_000n,
    code_hash: "",
    trx_hash: "",
    version: 0,
  };
  const give = SELECTORS["transfer(address,uint256)"] + addressWord(token.holder) + encodeUint(token.supply);
  for (const step of [
    { ...order, data: bytecode, creates },
    { ...order, data: give },
  ]) {
    const done = await executeContract(vm, { session, order: step }, around);
    if (done.result !== "SUCCESS") throw new RangeError(`the devnet's token could not be deployed: ${done.message}`);
  }
  session.write(energyKey(contract), {
    usage: 0,
    factor: INITIAL_PARAMETERS.getDynamicEnergyMaxFactor,
    cycle: 0,
    held: true,
  });
}

/** What the contract's storage says, without asking the code. */
export function usdtBalance(view: View, contract: string, holder: string): bigint {
  const slot = toHex(keccak_256(fromHex(addressWord(holder) + encodeUint(BigInt(artifact.slots.balances)))));
  return read(view, slotKey(contract, BigInt(`0x${slot}`))) ?? 0n;
}

function addressWord(hex41: string): string {
  return hex41.slice(2).padStart(64, "0");
}

function constructorWords(supply: bigint): string {
  const name = text(NAME);
  const head = [supply, 128n, 128n + BigInt(name.length / 2), DECIMALS].map(encodeUint);
  return head.join("") + name + text(SYMBOL);
}

function text(value: string): string {
  const hex = Buffer.from(value, "utf8").toString("hex");
  return encodeUint(BigInt(hex.length / 2)) + hex.padEnd(Math.ceil(hex.length / 64) * 64, "0");
}
