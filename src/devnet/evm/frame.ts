/** One running piece of code, and how it can fail (java-tron Program, ProgramResult). */
import type { ContractResult } from "../outcome.ts";
import type { Code } from "./code.ts";

/** 1: what costs nothing extra, in units of the dynamic energy factor (Constant.DYNAMIC_ENERGY_FACTOR_DECIMAL). */
export const FACTOR_ONE = 10_000;

export type Failure = {
  readonly result: ContractResult;
  /** The node's words. */
  readonly message: string;
  /** The Java exception that a constant call shows. */
  readonly exception: string;
};

export type FrameStart = {
  /** Whose storage and balance it works on, "41…". */
  readonly address: string;
  /** The owner of its slots (World.storage). */
  readonly storage: string;
  readonly caller: string;
  readonly value: bigint;
  readonly tokenValue: bigint;
  readonly tokenId: bigint;
  readonly data: Uint8Array;
  readonly code: Code;
  /** 0 for what the transaction called. */
  readonly depth: number;
  readonly isStatic: boolean;
  readonly energyLimit: number;
  /** Hash of the internal transaction that began it; of the root, the txID. */
  readonly hash: string;
};

/** What changes while it runs. Energy is counted in numbers: limits are far below 2^53. */
export type Frame = FrameStart & {
  used: number;
  penalty: number;
  /** Energy without penalty and without what was passed on: what the dynamic energy model counts. */
  usage: number;
  /** 10,000 is 1. */
  factor: number;
  /** What the CALL being executed passes on. */
  callEnergy: number;
  failure: Failure | undefined;
  /** The analysis of the code has been handed to the interpreter. */
  prepared: boolean;
};

export function frameOf(start: FrameStart): Frame {
  return {
    ...start,
    used: 0,
    penalty: 0,
    usage: 0,
    factor: FACTOR_ONE,
    callEnergy: 0,
    failure: undefined,
    prepared: false,
  };
}

export function energyLeft(frame: Frame): number {
  return frame.energyLimit - frame.used;
}

/** Leaves the frame; the machine turns it into what `frame.failure` says. */
export class Halt extends Error {
  constructor(failure: Failure) {
    super(failure.message);
    this.name = "Halt";
  }
}

/** Ends the frame as failed. */
export function fail(frame: Frame, failure: Failure): never {
  frame.failure = failure;
  throw new Halt(failure);
}

const PROGRAM = "org.tron.core.vm.program.Program$";

export const failures = {
  outOfEnergy: (message: string): Failure => ({
    result: "OUT_OF_ENERGY",
    message,
    exception: `${PROGRAM}OutOfEnergyException`,
  }),
  outOfMemory: (operation: string): Failure => ({
    result: "OUT_OF_MEMORY",
    message: `Out of Memory when '${operation}' operation executing`,
    exception: `${PROGRAM}OutOfMemoryException`,
  }),
  stackTooSmall: (expected: number, actual: number): Failure => ({
    result: "STACK_TOO_SMALL",
    message: `Expected stack size ${expected} but actual ${actual};`,
    exception: `${PROGRAM}StackTooSmallException`,
  }),
  stackTooLarge: (): Failure => ({
    result: "STACK_TOO_LARGE",
    message: "Expected: overflow 1024 elements stack limit",
    exception: `${PROGRAM}StackTooLargeException`,
  }),
  illegalOperation: (code: number): Failure => ({
    result: "ILLEGAL_OPERATION",
    message: `Invalid operation code: opCode[${code.toString(16).padStart(2, "0")}];`,
    exception: `${PROGRAM}IllegalOperationException`,
  }),
  badJump: (target: number): Failure => ({
    result: "BAD_JUMP_DESTINATION",
    message: `Operation with pc isn't 'JUMPDEST': PC[${target}];`,
    exception: `${PROGRAM}BadJumpDestinationException`,
  }),
  transfer: (message: string): Failure => ({
    result: "TRANSFER_FAILED",
    message,
    exception: `${PROGRAM}TransferException`,
  }),
  invalidCode: (): Failure => ({
    result: "INVALID_CODE",
    message: "invalid code: must not begin with 0xef",
    exception: `${PROGRAM}InvalidCodeException`,
  }),
  staticChange: (): Failure => ({
    result: "UNKNOWN",
    message: "Attempt to call a state modifying opcode inside STATICCALL",
    exception: `${PROGRAM}StaticCallModificationException`,
  }),
  other: (message: string, exception = `${PROGRAM}BytecodeExecutionException`): Failure => ({
    result: "UNKNOWN",
    message,
    exception,
  }),
} as const;
