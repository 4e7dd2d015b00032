/** Calls of smart contracts: how much energy there is, and who pays for what was used (tron.md §1.4, §3.2, §4.3). */
import type { ContractValue } from "../tron/contracts.ts";
import type { CallResult, Contract, Storage } from "./contract.ts";
import { type CallFacts, type ContractResult, invalid, isRejection, type Rejection } from "./outcome.ts";
import { CONSTANT_CALL_ENERGY_MAX, ENERGY_FEE, FEE_LIMIT_MAX } from "./parameters.ts";
import { accountKey, accountOf, burnFrom, read, Session, storageKey, type View } from "./state.ts";

export type Order = Omit<ContractValue<"TriggerSmartContract">, "call_token_value" | "token_id"> & {
  readonly call_token_value?: bigint;
  readonly token_id?: bigint;
  readonly feeLimit: bigint;
};

type Called = { readonly result: ContractResult; readonly facts: CallFacts };

/** Executes and charges the caller. Its bandwidth is already paid. */
export function callContract(
  session: Session,
  order: Order,
  contracts: ReadonlyMap<string, Contract>,
): Called | Rejection {
  const contract = checkCall(order, contracts);
  if (isRejection(contract)) return contract;
  const caller = accountOf(session, order.owner_address);
  const balance = caller?.balance ?? 0n;
  if (balance < order.call_value) return invalid("Validate InternalTransfer error, balance is not sufficient.");
  const affordable = (balance - order.call_value) / BigInt(ENERGY_FEE);
  const allowed = order.feeLimit / BigInt(ENERGY_FEE);
  const energyLimit = Number(affordable < allowed ? affordable : allowed);
  const done = runCall(session, order, { contract, energyLimit });
  const energyFee = BigInt(done.energyUsed * ENERGY_FEE);
  if (!burnFrom(session, order.owner_address, energyFee)) {
    return { code: "CONTRACT_EXE_ERROR", message: "Contract execute error : the energy bill exceeds the balance" };
  }
  return { result: done.result, facts: factsOf(contract, done, energyFee) };
}

/** A call that changes nothing and costs nothing, as triggerconstantcontract makes it. */
export function lookIntoContract(
  view: View,
  order: Order,
  call: { contract: Contract; energyLimit?: number },
): CallResult {
  const energyLimit = call.energyLimit ?? CONSTANT_CALL_ENERGY_MAX;
  return runCall(new Session(view), order, { contract: call.contract, energyLimit });
}

function checkCall(order: Order, contracts: ReadonlyMap<string, Contract>): Contract | Rejection {
  const contract = contracts.get(order.contract_address);
  if (contract === undefined) return invalid("No contract or not a smart contract");
  if (order.call_value < 0n) return invalid("callValue must be >= 0");
  if ((order.call_token_value ?? 0n) < 0n) return invalid("tokenValue must be >= 0");
  if ((order.call_token_value ?? 0n) !== 0n || (order.token_id ?? 0n) !== 0n) return invalid("No asset !");
  if (order.feeLimit < 0n || order.feeLimit > BigInt(FEE_LIMIT_MAX)) {
    return invalid(`feeLimit must be >= 0 and <= ${FEE_LIMIT_MAX}`);
  }
  return contract;
}

function runCall(session: Session, order: Order, call: { contract: Contract; energyLimit: number }): CallResult {
  const inner = new Session(session);
  const done = call.contract.call({
    caller: order.owner_address.slice(2),
    data: order.data,
    value: order.call_value,
    energyLimit: call.energyLimit,
    storage: storageOf(inner, call.contract.address),
  });
  if (done.result !== "SUCCESS") return done;
  if (order.call_value > 0n) payValue(inner, order);
  session.merge(inner);
  return done;
}

function payValue(session: Session, order: Order): void {
  for (const [address, change] of [
    [order.owner_address, -order.call_value],
    [order.contract_address, order.call_value],
  ] as const) {
    const account = accountOf(session, address);
    if (account !== undefined) session.write(accountKey(address), { ...account, balance: account.balance + change });
  }
}

export function storageOf(session: Session, contract: string): Storage {
  return {
    get: (slot) => read(session, storageKey(contract, slot)) ?? 0n,
    set: (slot, value) => session.write(storageKey(contract, slot), value),
  };
}

function factsOf(contract: Contract, done: CallResult, energyFee: bigint): CallFacts {
  const facts = {
    contract: contract.address,
    output: done.output,
    energyUsed: done.energyUsed,
    energyFee,
    energyPenalty: done.energyPenalty,
    logs: done.logs,
  };
  return done.message === undefined ? facts : { ...facts, message: done.message };
}
