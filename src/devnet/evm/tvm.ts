/**
 * The TRON virtual machine: the interpreter of @ethereumjs/evm with TRON's operations, energy and failures around it.
 * What differs from Ethereum is said where it is done: operations.ts, energy-cost.ts, calls.ts, precompiles.ts.
 *
 * M1. The library's own state, gas and calls are not used: each operation is paid for in its handler (energy-cost.ts)
 *     and sees the state of its frame only (world.ts). The gas that the library counts is never a limit.
 * M2. Runs may take turns: a frame is found by the call data that the interpreter carries, which is its alone.
 * M3. A long run lets others have their turn now and then: the node goes on answering. What it answers meanwhile is the
 *     state before the run, which changes only when the chain says so (chain.ts H1).
 * M4. OUT_OF_TIME does not happen: how long something takes decides nothing.
 */
import { setImmediate } from "node:timers/promises";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { EVM, EVMError, EVMMockBlockchain, Message, NobleBN254 } from "@ethereumjs/evm";
import { SimpleStateManager } from "@ethereumjs/statemanager";
import { Address } from "@ethereumjs/util";
import { call, type Calling, create, type Played, selfDestruct } from "./calls.ts";
import { CodeCache } from "./code.ts";
import { chargeUsage, factorAt } from "./dynamic-energy.ts";
import { type Pricing, spend } from "./energy-cost.ts";
import { fail, failures, type Frame, frameOf, type FrameStart, Halt } from "./frame.ts";
import type { OperationEntry, RunState } from "./library.ts";
import { type Operation, operations } from "./operations.ts";
import { precompiles, type Precompile } from "./precompiles.ts";
import type { Run } from "./run.ts";

/** More than any run can use; energy is counted elsewhere. */
const ENDLESS = 2n ** 62n;
const NOBODY = new Address(new Uint8Array(20));
const STACK_MAX = 1024;
/** A run that goes on must jump. This many take some ten milliseconds. */
const JUMPS_PER_TURN = 20_000;
const JUMPS: ReadonlySet<number> = new Set([0x56, 0x57]);
const NO_OUTPUT = new Uint8Array(0);

type Current = { readonly run: Run; readonly frame: Frame };

export class Tvm extends EVM {
  readonly #chainId: bigint;
  readonly #codes = new CodeCache<OperationEntry>();
  readonly #precompiled: ReadonlyMap<string, Precompile>;
  #jumps = 0;
  readonly #frames = new WeakMap<Uint8Array, Current>();

  /** `genesisId`: its last 4 bytes are the chain id. */
  constructor(genesisId: string) {
    super({
      common: new Common({ chain: Mainnet, hardfork: Hardfork.Cancun }),
      stateManager: new SimpleStateManager(),
      blockchain: new EVMMockBlockchain(),
      bn254: new NobleBN254(),
    });
    this.#chainId = BigInt(`0x${genesisId.slice(-8)}`);
    this._tx = { gasPrice: 0n, origin: NOBODY };
    this._opcodeMap = this.#operations();
    this.#precompiled = precompiles(this, async (code, data) => {
      const done = await this.runPrecompile(code, data, ENDLESS);
      return done.exceptionError === undefined ? done.returnValue : undefined;
    });
  }

  /** A frame of `run`, with the price level that its contract has now. */
  begin(run: Run, start: FrameStart): Frame {
    const frame = frameOf(start);
    frame.factor = factorAt(run, start.address);
    return frame;
  }

  codeOf(hex: string) {
    return this.#codes.code(hex);
  }

  /** Runs the frame to its end. What it changed is in the topmost layer of the world, also when it failed. */
  async play(run: Run, frame: Frame): Promise<Played> {
    const data = Uint8Array.from(frame.data);
    this.#frames.set(data, { run, frame });
    try {
      const message = new Message({
        to: NOBODY,
        caller: NOBODY,
        gasLimit: ENDLESS,
        data,
        code: frame.code.bytes,
        depth: frame.depth,
        isStatic: frame.isStatic,
      });
      const { returnValue, exceptionError } = await this.runInterpreter(message);
      const reverted = exceptionError?.error === EVMError.errorMessages.REVERT;
      if (exceptionError === undefined || reverted) {
        chargeUsage(run, frame);
        return { output: returnValue, ok: !reverted, reverted };
      }
      frame.failure = failures.other("Unknown Exception", "java.lang.RuntimeException");
    } catch (error) {
      if (!(error instanceof Halt)) throw error;
    }
    if (frame.failure?.result !== "TRANSFER_FAILED") frame.used = frame.energyLimit;
    return { output: NO_OUTPUT, ok: false, reverted: false };
  }

  #operations(): OperationEntry[] {
    const known = operations();
    const asynchronous = this.#asynchronous();
    return Array.from({ length: 256 }, (_, code) => {
      const calling = asynchronous.get(code);
      if (calling !== undefined) return entry(code, { name: calling.name, isAsync: true }, this.#paused(calling));
      const operation = known.get(code);
      if (operation === undefined) return entry(code, { name: "INVALID", isAsync: false }, this.#illegal(code));
      const prompt = this.#prompt(operation, this._handlers.get(code));
      const isAsync = JUMPS.has(code);
      return entry(code, { name: operation.name, isAsync }, isAsync ? this.#polite(prompt) : prompt);
    });
  }

  /** An operation that is done in one turn. */
  #prompt(operation: Operation, library: OperationEntry["opHandler"] | undefined) {
    const { name, takes, gives, cost, act } = operation;
    return (state: RunState, common: Common): void => {
      const { run, frame } = this.#enter(state);
      checkStack(state, frame, { takes, gives });
      spend(frame, name, typeof cost === "number" ? cost : cost(pricingOf(state, { run, frame }, name)));
      if (act !== undefined) act({ state, frame, run, chainId: this.#chainId });
      else void library?.(state, common);
    };
  }

  /** One after which others may have their turn. */
  #polite(prompt: (state: RunState, common: Common) => void) {
    return (state: RunState, common: Common): Promise<void> | void => {
      prompt(state, common);
      this.#jumps += 1;
      return this.#jumps % JUMPS_PER_TURN === 0 ? setImmediate() : undefined;
    };
  }

  /**
   * Operations one after the other, from the one that `state` stands at: a promise for each of them, which is what the
   * library makes, is most of what a run costs. Stops behind one that takes turns, and before the first jump, for which
   * the library has to analyse the code.
   */
  #walk(state: RunState): Promise<void> | void {
    const { code } = state;
    for (;;) {
      const operation = this._opcodeMap[state.opCode];
      state.programCounter += 1;
      const later = operation?.opHandler(state, this.common);
      if (later !== undefined || state.programCounter >= code.length) return later;
      state.opCode = code[state.programCounter] ?? 0;
      if (state.shouldDoJumpAnalysis && JUMPS.has(state.opCode)) return undefined;
    }
  }

  /** An operation that runs other code. It pays for itself. */
  #paused({ name, takes, act }: Asynchronous) {
    return async (state: RunState): Promise<void> => {
      const { run, frame } = this.#enter(state);
      checkStack(state, frame, { takes, gives: name === "SUICIDE" ? 0 : 1 });
      await act({
        state,
        frame,
        run,
        chainId: this.#chainId,
        pricing: pricingOf(state, { run, frame }, name),
        play: (child) => this.play(run, child),
        begin: (start) => this.begin(run, start),
        codeOf: (hex) => this.codeOf(hex),
        precompile: (hex41) => this.#precompiled.get(hex41),
      });
    };
  }

  #illegal(code: number) {
    return (state: RunState): void => {
      const { frame } = this.#enter(state);
      fail(frame, failures.illegalOperation(code));
    };
  }

  #enter(state: RunState): Current {
    const current = this.#frames.get(state.env.callData);
    if (current === undefined) throw new RangeError("code runs only in a frame");
    if (!current.frame.prepared) {
      current.frame.prepared = true;
      const { interpreter } = state;
      const analyse = interpreter._getValidJumpDestinations.bind(interpreter);
      interpreter._getValidJumpDestinations = (code) => this.#codes.analysis(code, () => analyse(code));
      // M1: of what the library does around an operation, nothing is left.
      interpreter.runStep = async () => this.#walk(state);
    }
    return current;
  }

  #asynchronous(): ReadonlyMap<number, Asynchronous> {
    return new Map([
      [0xf0, { name: "CREATE", takes: 3, act: create("CREATE") }],
      [0xf1, { name: "CALL", takes: 7, act: call("CALL") }],
      [0xf2, { name: "CALLCODE", takes: 7, act: call("CALLCODE") }],
      [0xf4, { name: "DELEGATECALL", takes: 6, act: call("DELEGATECALL") }],
      [0xf5, { name: "CREATE2", takes: 4, act: create("CREATE2") }],
      [0xfa, { name: "STATICCALL", takes: 6, act: call("STATICCALL") }],
      [0xff, { name: "SUICIDE", takes: 1, act: selfDestruct }],
      [0xd0, { name: "CALLTOKEN", takes: 8, act: call("CALLTOKEN") }],
    ]);
  }
}

type Asynchronous = {
  readonly name: string;
  readonly takes: number;
  readonly act: (calling: Calling) => Promise<void>;
};

function entry(
  code: number,
  { name, isAsync }: { name: string; isAsync: boolean },
  opHandler: OperationEntry["opHandler"],
): OperationEntry {
  const opcodeInfo = {
    code,
    name,
    fullName: name,
    fee: 0,
    feeBigInt: 0n,
    isAsync,
    dynamicGas: false,
    isInvalid: false,
  };
  return { opcodeInfo, opHandler, gasHandler: () => 0n };
}

function checkStack(state: RunState, frame: Frame, { takes, gives }: { takes: number; gives: number }): void {
  const { length } = state.stack;
  if (length < takes) fail(frame, failures.stackTooSmall(takes, length));
  if (length - takes + gives > STACK_MAX) fail(frame, failures.stackTooLarge());
}

function pricingOf(state: RunState, { run, frame }: Current, operation: string): Pricing {
  return {
    run: state,
    frame,
    operation,
    exists: (hex41) => run.world.exists(hex41),
    stored: (slot) => run.world.slot(frame.storage, slot),
  };
}
