/**
 * The operations of the TRON virtual machine: what each takes, gives and costs, and the code of those that look at the
 * chain (java-tron OperationRegistry, OperationActions). What only computes is the library's.
 */
import { fromHex, toHex } from "../../tron/bytes.ts";
import { keccak_256 } from "../../tron/hashes.ts";
import { type Cost, costs, hex41Of, TIER } from "./energy-cost.ts";
import { energyLeft, fail, failures, type Frame } from "./frame.ts";
import type { RunState } from "./library.ts";
import type { Run } from "./run.ts";
import { tokenBalance } from "./tokens.ts";

/** Ids of tokens are above it. */
export const TOKEN_ID_MIN = 1_000_000n;

export type Machine = { readonly state: RunState; readonly frame: Frame; readonly run: Run; readonly chainId: bigint };

export type Operation = {
  readonly name: string;
  readonly takes: number;
  readonly gives: number;
  readonly cost: Cost;
  /** Absent: the library's handler. */
  readonly act?: (machine: Machine) => void;
};

export function operations(): ReadonlyMap<number, Operation> {
  return new Map([...computing(), ...environment(), ...chain(), ...memoryAndFlow(), ...storing(), ...repeated()]);
}

type Row = readonly [number, Operation];

function row(code: number, name: string, [takes, gives]: readonly [number, number], cost: Cost): Row {
  return [code, { name, takes, gives, cost }];
}

function acting(of: Row, act: (machine: Machine) => void): Row {
  return [of[0], { ...of[1], act }];
}

/** One that pushes a word. */
function pushing(code: number, name: string, value: (machine: Machine) => bigint | number): Row {
  return acting(row(code, name, [0, 1], TIER.base), (machine) => machine.state.stack.push(BigInt(value(machine))));
}

function computing(): Row[] {
  const names = ["ADD", "MUL", "SUB", "DIV", "SDIV", "MOD", "SMOD"];
  const arithmetic = names.map((name, at) => {
    return row(1 + at, name, [2, 1], name === "ADD" || name === "SUB" ? TIER.veryLow : TIER.low);
  });
  const comparing = ["LT", "GT", "SLT", "SGT", "EQ"].map((name, at) => row(0x10 + at, name, [2, 1], TIER.veryLow));
  const binary = ["AND", "OR", "XOR"].map((name, at) => row(0x16 + at, name, [2, 1], TIER.veryLow));
  const shifting = ["SHL", "SHR", "SAR"].map((name, at) => row(0x1b + at, name, [2, 1], TIER.veryLow));
  return [
    ...arithmetic,
    row(0x08, "ADDMOD", [3, 1], TIER.mid),
    row(0x09, "MULMOD", [3, 1], TIER.mid),
    row(0x0a, "EXP", [2, 1], costs.exp),
    row(0x0b, "SIGNEXTEND", [2, 1], TIER.low),
    ...comparing,
    row(0x15, "ISZERO", [1, 1], TIER.veryLow),
    ...binary,
    row(0x19, "NOT", [1, 1], TIER.veryLow),
    row(0x1a, "BYTE", [2, 1], TIER.veryLow),
    ...shifting,
    row(0x20, "SHA3", [2, 1], costs.sha3),
  ];
}

function environment(): Row[] {
  return [
    pushing(0x30, "ADDRESS", ({ frame }) => wordOf(frame.address)),
    acting(row(0x31, "BALANCE", [1, 1], 20), ({ state, run }) =>
      state.stack.push(run.world.balance(hex41Of(state.stack.pop()))),
    ),
    pushing(0x32, "ORIGIN", ({ run }) => wordOf(run.origin)),
    pushing(0x33, "CALLER", ({ frame }) => wordOf(frame.caller)),
    pushing(0x34, "CALLVALUE", ({ frame }) => frame.value),
    row(0x35, "CALLDATALOAD", [1, 1], TIER.veryLow),
    pushing(0x36, "CALLDATASIZE", ({ frame }) => frame.data.length),
    row(0x37, "CALLDATACOPY", [3, 0], costs.copy),
    pushing(0x38, "CODESIZE", ({ frame }) => frame.code.bytes.length),
    row(0x39, "CODECOPY", [3, 0], costs.copy),
    pushing(0x3a, "GASPRICE", () => 0),
    acting(row(0x3b, "EXTCODESIZE", [1, 1], 20), ({ state, run }) =>
      state.stack.push(BigInt(run.world.code(hex41Of(state.stack.pop())).length / 2)),
    ),
    acting(row(0x3c, "EXTCODECOPY", [4, 0], costs.codeCopy), copyCode),
    pushing(0x3d, "RETURNDATASIZE", ({ state }) => state.returnBytes.length),
    acting(row(0x3e, "RETURNDATACOPY", [3, 0], costs.copy), copyReturned),
    acting(row(0x3f, "EXTCODEHASH", [1, 1], 400), ({ state, run }) => {
      const address = hex41Of(state.stack.pop());
      const code = run.world.exists(address) ? toHex(keccak_256(fromHex(run.world.code(address)))) : "0";
      state.stack.push(BigInt(`0x${code}`));
    }),
  ];
}

function chain(): Row[] {
  return [
    acting(row(0x40, "BLOCKHASH", [1, 1], TIER.ext), ({ state, run }) => {
      const asked = state.stack.pop();
      const { number, idOf } = run.block;
      const reachable = asked < BigInt(number) && asked >= BigInt(Math.max(256, number) - 256);
      state.stack.push(BigInt(`0x${(reachable ? idOf(Number(asked)) : undefined) ?? "0"}`));
    }),
    pushing(0x41, "COINBASE", ({ run }) => (run.block.witness === "" ? 0n : wordOf(run.block.witness))),
    pushing(0x42, "TIMESTAMP", ({ run }) => run.block.timestamp),
    pushing(0x43, "NUMBER", ({ run }) => run.block.number),
    pushing(0x44, "DIFFICULTY", () => 0),
    pushing(0x45, "GASLIMIT", () => 0),
    pushing(0x46, "CHAINID", ({ chainId }) => chainId),
    acting(row(0x47, "SELFBALANCE", [0, 1], TIER.low), ({ state, run, frame }) =>
      state.stack.push(run.world.balance(frame.address)),
    ),
    pushing(0x48, "BASEFEE", ({ run }) => run.energyFee),
    acting(row(0x49, "BLOBHASH", [1, 1], TIER.veryLow), ({ state }) => {
      state.stack.pop();
      state.stack.push(0n);
    }),
    pushing(0x4a, "BLOBBASEFEE", () => 0),
    acting(row(0xd1, "TOKENBALANCE", [2, 1], 20), balanceOfToken),
    pushing(0xd2, "CALLTOKENVALUE", ({ frame }) => frame.tokenValue),
    pushing(0xd3, "CALLTOKENID", ({ frame }) => frame.tokenId),
    acting(row(0xd4, "ISCONTRACT", [1, 1], 20), ({ state, run }) =>
      state.stack.push(run.world.contract(hex41Of(state.stack.pop())) === undefined ? 0n : 1n),
    ),
  ];
}

function memoryAndFlow(): Row[] {
  return [
    row(0x00, "STOP", [0, 0], TIER.zero),
    row(0x50, "POP", [1, 0], TIER.base),
    row(0x51, "MLOAD", [1, 1], costs.memoryWord),
    row(0x52, "MSTORE", [2, 0], costs.memoryWord),
    row(0x53, "MSTORE8", [2, 0], costs.memoryByte),
    acting(row(0x56, "JUMP", [1, 0], TIER.mid), (machine) => jump(machine, machine.state.stack.pop())),
    acting(row(0x57, "JUMPI", [2, 0], TIER.high), (machine) => {
      const target = machine.state.stack.pop();
      if (machine.state.stack.pop() !== 0n) jump(machine, target);
    }),
    row(0x58, "PC", [0, 1], TIER.base),
    row(0x59, "MSIZE", [0, 1], TIER.base),
    pushing(0x5a, "GAS", ({ frame }) => energyLeft(frame)),
    row(0x5b, "JUMPDEST", [0, 0], TIER.special),
    row(0x5e, "MCOPY", [3, 0], costs.memoryCopy),
    row(0x5f, "PUSH0", [0, 1], TIER.base),
    row(0xf3, "RETURN", [2, 0], costs.output),
    row(0xfd, "REVERT", [2, 0], costs.output),
  ];
}

function storing(): Row[] {
  return [
    acting(row(0x54, "SLOAD", [1, 1], 50), ({ state, run, frame }) =>
      state.stack.push(run.world.slot(frame.storage, state.stack.pop()) ?? 0n),
    ),
    acting(row(0x55, "SSTORE", [2, 0], costs.store), (machine) => {
      changing(machine);
      const { state, run, frame } = machine;
      run.world.setSlot(frame.storage, { slot: state.stack.pop(), value: state.stack.pop() });
    }),
    acting(row(0x5c, "TLOAD", [1, 1], 100), ({ state, run, frame }) =>
      state.stack.push(run.world.transient(frame.address, state.stack.pop())),
    ),
    acting(row(0x5d, "TSTORE", [2, 0], 100), (machine) => {
      changing(machine);
      const { state, run, frame } = machine;
      run.world.setTransient(frame.address, { slot: state.stack.pop(), value: state.stack.pop() });
    }),
  ];
}

function repeated(): Row[] {
  const pushes = counted(32).map((n) => row(0x5f + n, `PUSH${n}`, [0, 1], TIER.veryLow));
  const copies = counted(16).map((n) => row(0x7f + n, `DUP${n}`, [n, n + 1], TIER.veryLow));
  const swaps = counted(16).map((n) => row(0x8f + n, `SWAP${n}`, [n + 1, n + 1], TIER.veryLow));
  const logs = counted(5).map((n) => acting(row(0x9f + n, `LOG${n - 1}`, [n + 1, 0], costs.log(n - 1)), log(n - 1)));
  return [...pushes, ...copies, ...swaps, ...logs];
}

function counted(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

/** Throws when the frame may only look. */
export function changing({ frame }: Machine): void {
  if (frame.isStatic) fail(frame, failures.staticChange());
}

export function wordOf(hex41: string): bigint {
  return BigInt(`0x${hex41.slice(2)}`);
}

function log(topics: number) {
  return (machine: Machine): void => {
    changing(machine);
    const { state, run, frame } = machine;
    const offset = state.stack.pop();
    const size = state.stack.pop();
    const named = Array.from({ length: topics }, () => state.stack.pop().toString(16).padStart(64, "0"));
    const data = size === 0n ? "" : toHex(state.memory.read(Number(offset), Number(size)));
    run.logs.push({ address: frame.address.slice(2), topics: named, data });
  };
}

function jump({ state, frame }: Machine, target: bigint): void {
  if (target > 0xffff_ffffn) fail(frame, failures.badJump(-1));
  const to = Number(target);
  if (state.validJumps[to] !== 1) fail(frame, failures.badJump(to));
  state.programCounter = to;
}

function balanceOfToken({ state, run, frame }: Machine): void {
  const token = BigInt.asIntN(256, state.stack.pop());
  const invalidToken = "validateForSmartContract failure:not valid token id";
  if (BigInt.asIntN(64, token) !== token) fail(frame, failures.transfer(invalidToken));
  if (token <= TOKEN_ID_MIN) fail(frame, failures.other(invalidToken));
  state.stack.push(tokenBalance(run.world.session, hex41Of(state.stack.pop()), token));
}

function copyCode({ state, run }: Machine): void {
  const code = fromHex(run.world.code(hex41Of(state.stack.pop())));
  copyInto(state, code);
}

function copyReturned({ state, frame }: Machine): void {
  const [, offset = 0n, size = 0n] = state.stack.peek(3);
  const available = state.returnBytes.length;
  if (offset + size > BigInt(available)) {
    const [from, length] = [offset, size].map((value) => value.toString(16).padStart(64, "0"));
    const message = `Illegal RETURNDATACOPY arguments: offset (${from}) + size (${length}) > RETURNDATASIZE (${available})`;
    fail(frame, failures.other(message, "org.tron.core.vm.program.Program$ReturnDataCopyIllegalBoundsException"));
  }
  copyInto(state, state.returnBytes);
}

/** Takes target, source and size from the stack; beyond the end there are zeros. */
function copyInto(state: RunState, source: Uint8Array): void {
  const target = state.stack.pop();
  const offset = state.stack.pop();
  const size = Number(state.stack.pop());
  if (size === 0) return;
  const bytes = new Uint8Array(size);
  if (offset < BigInt(source.length)) bytes.set(source.subarray(Number(offset), Number(offset) + size));
  state.memory.write(Number(target), size, bytes);
}
