/**
 * One call or creation from outside, from the first frame to what is left of it (java-tron VMActuator).
 *
 * Z1. The session is changed only if the execution succeeds; who pays for the energy is somebody else's business
 *     (energy.ts).
 */
import { toHex } from "../../tron/bytes.ts";
import type { Log } from "../../tron/trc20.ts";
import type { ContractResult, InternalTransaction } from "../outcome.ts";
import { parametersOf } from "../chain-parameters.ts";
import { Session } from "../state.ts";
import type { SmartContract } from "./contract-rows.ts";
import { CREATE_DATA } from "./energy-cost.ts";
import { energyLeft, failures, type Frame } from "./frame.ts";
import type { BlockScene, Run } from "./run.ts";
import { moveTokens } from "./tokens.ts";
import type { Tvm } from "./tvm.ts";
import { World } from "./world.ts";

export type Order = {
  readonly txId: string;
  readonly caller: string;
  /** "41…": called, or where the new contract will be. */
  readonly contract: string;
  /** Of a call its data, of a creation the code to run, hex. */
  readonly data: string;
  readonly callValue: bigint;
  readonly tokenValue: bigint;
  readonly tokenId: bigint;
  readonly energyLimit: number;
  readonly isConstant: boolean;
  /** What is stored of a new contract; absent: a call. */
  readonly creates?: SmartContract;
};

export type Surroundings = {
  readonly block: BlockScene;
  /** Time of the head block, ms: when accounts come to be. */
  readonly now: number;
};

export type Executed = {
  readonly result: ContractResult;
  /** Hex. */
  readonly output: string;
  readonly energyUsed: number;
  readonly energyPenalty: number;
  readonly logs: readonly Log[];
  readonly internals: readonly InternalTransaction[];
  readonly message?: string;
  /** The Java exception, unless it reverted. */
  readonly exception?: string;
};

export async function executeContract(
  vm: Tvm,
  { session, order }: { session: Session; order: Order },
  around: Surroundings,
): Promise<Executed> {
  const layer = new Session(session);
  const world = new World(layer, around.now);
  const run: Run = {
    world,
    txId: order.txId,
    origin: order.caller,
    block: around.block,
    energyFee: parametersOf(session).getEnergyFee,
    isConstant: order.isConstant,
    nonce: 0,
    logs: [],
    internals: [],
    destroyed: [],
  };
  if (order.creates !== undefined) world.createContract(order.contract, order.creates);
  moveValue(world, order);
  const code = order.creates === undefined ? world.code(order.contract) : order.data;
  if (code === "") {
    session.merge(layer);
    return { result: "SUCCESS", output: "", energyUsed: 0, energyPenalty: 0, logs: [], internals: [] };
  }
  const frame = vm.begin(run, {
    address: order.contract,
    storage: world.storage(order.contract),
    caller: order.caller,
    value: order.callValue,
    tokenValue: order.tokenValue,
    tokenId: order.tokenId,
    data: order.creates === undefined ? Buffer.from(order.data, "hex") : new Uint8Array(0),
    code: vm.codeOf(code),
    depth: 0,
    isStatic: false,
    energyLimit: order.energyLimit,
    hash: order.txId,
  });
  const played = await vm.play(run, frame);
  if (played.ok && order.creates !== undefined) depositCode(run, frame, played.output);
  if (!played.ok || frame.failure !== undefined) return failed(run, frame, played);
  world.settle();
  for (const destroyed of run.destroyed) world.remove(destroyed);
  session.merge(layer);
  return { ...factsOf(run, frame), result: "SUCCESS", output: toHex(played.output), logs: run.logs };
}

/** The caller of this has checked that it can be moved (actuators/contracts.ts). */
function moveValue(world: World, { caller, contract, callValue, tokenValue, tokenId }: Order): void {
  if (callValue > 0n) {
    world.addBalance(caller, -callValue);
    world.addBalance(contract, callValue);
  }
  if (tokenValue > 0n) moveTokens(world.session, { from: caller, to: contract }, { id: tokenId, amount: tokenValue });
}

function depositCode(run: Run, frame: Frame, code: Uint8Array): void {
  const price = code.length * CREATE_DATA;
  const left = energyLeft(frame);
  if (code[0] === 0xef) frame.failure = failures.invalidCode();
  else if (left < price) {
    const hint = "save just created contract code";
    const message = `Not enough energy for '${hint}' executing: needEnergy[${price}], leftEnergy[${left}];`;
    frame.failure = failures.outOfEnergy(message);
  } else {
    frame.used += price;
    run.world.saveCode(frame.address, toHex(code));
    return;
  }
  frame.used = frame.energyLimit;
}

function failed(run: Run, frame: Frame, played: { output: Uint8Array; reverted: boolean }): Executed {
  const internals = run.internals.map((internal) => ({ ...internal, rejected: true }));
  const facts = { ...factsOf(run, frame), internals, logs: [] };
  const { failure } = frame;
  if (failure === undefined) {
    return { ...facts, result: "REVERT", output: toHex(played.output), message: "REVERT opcode executed" };
  }
  return { ...facts, result: failure.result, output: "", message: failure.message, exception: failure.exception };
}

function factsOf(run: Run, frame: Frame) {
  return { energyUsed: frame.used, energyPenalty: frame.penalty, internals: run.internals };
}
