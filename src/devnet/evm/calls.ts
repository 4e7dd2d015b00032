/** Operations that run other code or move money: calls, creations, self-destruction (java-tron Program). */
import { fromHex, toHex } from "../../tron/bytes.ts";
import { keccak_256 } from "../../tron/hashes.ts";
import type { Code } from "./code.ts";
import { CREATE_DATA, costs, hex41Of, type Pricing, spend, spendCall, STIPEND } from "./energy-cost.ts";
import { energyLeft, fail, failures, type Frame, type FrameStart } from "./frame.ts";
import { record } from "./internal.ts";
import { changing, type Machine, TOKEN_ID_MIN } from "./operations.ts";
import type { Precompile } from "./precompiles.ts";
import { markOf, takeBack } from "./run.ts";
import { allTokens, dropTokens, moveTokens, tokenBalance } from "./tokens.ts";

/** What came of a frame. A failed one has spent what the rules say. */
export type Played = { readonly output: Uint8Array; readonly ok: boolean; readonly reverted: boolean };

export type Calling = Machine & {
  readonly pricing: Pricing;
  readonly play: (frame: Frame) => Promise<Played>;
  readonly begin: (start: FrameStart) => Frame;
  readonly codeOf: (hex: string) => Code;
  readonly precompile: (hex41: string) => Precompile | undefined;
};

export type CallKind = "CALL" | "CALLCODE" | "DELEGATECALL" | "STATICCALL" | "CALLTOKEN";

const DEPTH_MAX = 64;
const INT64_MAX = 2n ** 63n - 1n;
const NOTHING = new Uint8Array(0);

/** What a call takes from the stack, its energy being paid. */
type Call = {
  readonly kind: CallKind;
  readonly energy: number;
  readonly target: string;
  readonly value: bigint;
  readonly token: bigint | undefined;
  readonly data: Uint8Array;
  readonly out: { readonly offset: number; readonly size: number };
};

export function call(kind: CallKind) {
  const value = kind !== "DELEGATECALL" && kind !== "STATICCALL";
  const input = kind === "CALLTOKEN" ? 4 : value ? 3 : 2;
  const creates = kind === "CALL" || kind === "CALLTOKEN";
  return async (calling: Calling): Promise<void> => {
    spendCall(calling.pricing, { value, creates, input });
    await execute(calling, read(calling, kind));
  };
}

function read({ state, frame, ...machine }: Calling, kind: CallKind): Call {
  const { stack } = state;
  stack.pop();
  const target = hex41Of(stack.pop());
  const value = kind === "DELEGATECALL" || kind === "STATICCALL" ? 0n : stack.pop();
  if (value !== 0n && kind !== "CALLCODE") changing({ state, frame, ...machine });
  const token = kind === "CALLTOKEN" ? stack.pop() : undefined;
  const [from = 0n, size = 0n, to = 0n, room = 0n] = stack.popN(4);
  const data = size === 0n ? NOTHING : state.memory.read(Number(from), Number(size));
  if (room > 0n) state.memory.extend(Number(to), Number(room));
  const out = { offset: Number(to), size: Number(room) };
  return { kind, energy: frame.callEnergy + (value === 0n ? 0 : STIPEND), target, value, token, data, out };
}

async function execute(calling: Calling, order: Call): Promise<void> {
  const { state, frame, run } = calling;
  state.returnBytes = NOTHING;
  if (frame.depth === DEPTH_MAX) return giveUp(calling, order);
  if (order.value > INT64_MAX) failTransfer(calling, order, "endowment out of long range");
  checkToken(calling, order);
  const owned =
    order.token === undefined
      ? run.world.balance(frame.address)
      : tokenBalance(run.world.session, frame.address, order.token);
  if (owned < order.value) return giveUp(calling, order);
  const precompile = calling.precompile(order.target);
  if (precompile !== undefined) return runPrecompile(calling, order, precompile);
  run.world.enter();
  const code = run.world.exists(order.target) ? run.world.code(order.target) : "";
  const context = order.kind === "CALLCODE" || order.kind === "DELEGATECALL" ? frame.address : order.target;
  if (order.value > 0n) moveValue(calling, order, context);
  const mark = markOf(run);
  const internal = record(run, frame, {
    note: "call",
    to: context,
    value: order.token === undefined ? order.value : 0n,
    data: order.data,
    tokens: order.token === undefined ? [] : [{ tokenId: order.token.toString(), callValue: order.value }],
  });
  if (code === "") {
    run.world.keep();
    state.stack.push(1n);
    frame.used -= order.energy;
    return;
  }
  const child = calling.begin(childOf(calling, order, { context, code, hash: internal.hash }));
  const played = await calling.play(child);
  if (played.ok) run.world.keep();
  else {
    run.world.drop();
    takeBack(run, mark);
  }
  frame.penalty += child.penalty;
  state.stack.push(played.ok ? 1n : 0n);
  if (!played.ok && !played.reverted) return;
  writeOutput(calling, order, played.output);
  frame.used -= order.energy - child.used;
}

function childOf(
  { frame, run, codeOf }: Calling,
  order: Call,
  at: { context: string; code: string; hash: string },
): FrameStart {
  const delegated = order.kind === "DELEGATECALL";
  const value = delegated ? frame.value : order.value;
  return {
    address: at.context,
    storage: run.world.storage(at.context),
    caller: delegated ? frame.caller : frame.address,
    value: order.token === undefined ? value : 0n,
    tokenValue: order.token === undefined ? 0n : order.value,
    tokenId: order.token ?? 0n,
    data: order.data,
    code: codeOf(at.code),
    depth: frame.depth + 1,
    isStatic: frame.isStatic || order.kind === "STATICCALL",
    energyLimit: order.energy,
    hash: at.hash,
  };
}

function writeOutput({ state }: Calling, { out }: Call, output: Uint8Array): void {
  const length = Math.min(out.size, output.length);
  if (length > 0) state.memory.write(out.offset, length, output.slice(0, length));
  state.returnBytes = output;
}

/** The call does not happen; its energy comes back. */
function giveUp({ state, frame }: Calling, order: Call): void {
  state.stack.push(0n);
  frame.used -= order.energy;
}

function failTransfer({ frame }: Calling, order: Call, message: string): never {
  frame.used -= order.energy;
  fail(frame, failures.transfer(message));
}

function checkToken(calling: Calling, order: Call): void {
  const { token } = order;
  if (token === undefined || (token > TOKEN_ID_MIN && token <= INT64_MAX)) return;
  failTransfer(calling, order, "validateForSmartContract failure:not valid token id");
}

function moveValue(calling: Calling, order: Call, to: string): void {
  const { frame, run } = calling;
  const { world } = run;
  world.createAccount(to);
  const kind = order.token === undefined ? "trx" : "trc10";
  if (to === frame.address) {
    const what = order.token === undefined ? "TRX" : "asset";
    world.drop();
    failTransfer(calling, order, `transfer ${kind} failed: Cannot transfer ${what} to yourself.`);
  }
  if (order.token === undefined) {
    world.addBalance(frame.address, -order.value);
    world.addBalance(to, order.value);
  } else {
    moveTokens(world.session, { from: frame.address, to }, { id: order.token, amount: order.value });
  }
}

async function runPrecompile(calling: Calling, order: Call, precompile: Precompile): Promise<void> {
  const { state, frame, run } = calling;
  const context = order.kind === "CALLCODE" || order.kind === "DELEGATECALL" ? frame.address : order.target;
  if (order.value > 0n && (!run.world.exists(context) || context === frame.address)) {
    fail(frame, failures.other("transfer failure"));
  }
  const needed = precompile.energy(order.data);
  const output = needed > order.energy ? undefined : await precompile.run(order.data, run.world.session);
  state.stack.push(output === undefined ? 0n : 1n);
  if (output === undefined) return;
  if (order.value > 0n) {
    run.world.enter();
    moveValue(calling, order, context);
    run.world.keep();
  }
  frame.used -= order.energy - needed;
  state.returnBytes = output;
  if (output.length > 0) writeWhole(calling, order, output);
}

/** What a precompiled contract answers is written whole, whatever room was made for it (Program.callToPrecompiledAddress). */
function writeWhole({ state }: Calling, { out }: Call, output: Uint8Array): void {
  state.memory.write(out.offset, output.length, output);
  const words = BigInt(Math.ceil((out.offset + output.length) / 32));
  if (words > state.memoryWordCount) state.memoryWordCount = words;
}

export function create(kind: "CREATE" | "CREATE2") {
  return async (calling: Calling): Promise<void> => {
    const { state, frame, run } = calling;
    spend(frame, kind, kind === "CREATE" ? costs.create(calling.pricing) : costs.create2(calling.pricing));
    changing(calling);
    const [value = 0n, offset = 0n, size = 0n] = state.stack.popN(3);
    const salt = kind === "CREATE2" ? state.stack.pop() : 0n;
    state.returnBytes = NOTHING;
    if (kind === "CREATE" && frame.depth === DEPTH_MAX) return state.stack.push(0n);
    const code = size === 0n ? NOTHING : state.memory.read(Number(offset), Number(size));
    const address =
      kind === "CREATE" ? createdAddress(run.txId, run.nonce) : create2Address(frame.address, { salt, code });
    if (value > INT64_MAX) fail(frame, failures.other("BigInteger out of long range", "java.lang.ArithmeticException"));
    if (run.world.balance(frame.address) < value) return state.stack.push(0n);
    await createContract(calling, { address, value, code, isCreate2: kind === "CREATE2" });
  };
}

type Creation = {
  readonly address: string;
  readonly value: bigint;
  readonly code: Uint8Array;
  readonly isCreate2: boolean;
};

async function createContract(calling: Calling, creation: Creation): Promise<void> {
  const { state, frame, run } = calling;
  const { address, value } = creation;
  const taken = run.world.contract(address) !== undefined;
  run.world.enter();
  if (!taken) run.world.createContract(address, blankContract(calling, creation));
  run.world.addBalance(frame.address, -value);
  run.world.addBalance(address, value);
  const energy = energyLeft(frame);
  frame.used += energy;
  const mark = markOf(run);
  const internal = record(run, frame, { note: "create", to: address, value, data: creation.code, tokens: [] });
  const child = calling.begin({
    address,
    storage: run.world.storage(address),
    caller: frame.address,
    value,
    tokenValue: 0n,
    tokenId: 0n,
    data: NOTHING,
    code: calling.codeOf(toHex(creation.code)),
    depth: frame.depth + 1,
    isStatic: false,
    energyLimit: energy,
    hash: internal.hash,
  });
  const played = taken ? undefined : await calling.play(child);
  frame.penalty += child.penalty;
  if (played !== undefined && deposit(calling, child, played)) {
    run.world.keep();
    state.stack.push(BigInt(`0x${address.slice(2)}`));
    frame.used -= energy - child.used;
    return;
  }
  run.world.drop();
  takeBack(run, mark);
  state.stack.push(0n);
  if (played?.reverted !== true) return;
  state.returnBytes = played.output;
  frame.used -= energy - child.used;
}

/** Pays for and stores what a constructor returned; `false` when it cannot be. */
function deposit({ run }: Calling, child: Frame, played: Played): boolean {
  if (!played.ok) return false;
  const price = played.output.length * CREATE_DATA;
  if (played.output[0] === 0xef || energyLeft(child) < price) return false;
  child.used += price;
  run.world.saveCode(child.address, toHex(played.output));
  return true;
}

function blankContract({ frame, run }: Calling, { address, isCreate2 }: Creation) {
  return {
    origin_address: frame.address,
    contract_address: address,
    abi: undefined,
    bytecode: "",
    call_value: 0n,
    consume_user_resource_percent: 100n,
    name: "",
    origin_energy_limit: 0n,
    code_hash: "",
    trx_hash: isCreate2 ? run.txId : "",
    version: 0,
  };
}

/** TransactionUtil.generateContractAddress(rootTransactionId, nonce) */
function createdAddress(txId: string, nonce: number): string {
  return `41${toHex(keccak_256(fromHex(txId + nonce.toString(16).padStart(16, "0"))).subarray(12))}`;
}

/** WalletUtil.generateContractAddress2: the 41 of the address stands where Ethereum has ff. */
function create2Address(creator: string, { salt, code }: { salt: bigint; code: Uint8Array }): string {
  const merged = creator + salt.toString(16).padStart(64, "0") + toHex(keccak_256(code));
  return `41${toHex(keccak_256(fromHex(merged)).subarray(12))}`;
}

/** Gives everything to the heir; the contract is removed when the transaction has succeeded. */
export async function selfDestruct(calling: Calling): Promise<void> {
  const { state, frame, run } = calling;
  const { world } = run;
  spend(frame, "SUICIDE", costs.selfDestruct(calling.pricing));
  changing(calling);
  const heir = hex41Of(state.stack.pop());
  const value = world.balance(frame.address);
  const tokens = allTokens(world.session, frame.address);
  const listed = tokens.map(({ id, amount }) => ({ tokenId: id.toString(), callValue: amount }));
  record(run, frame, { note: "suicide", to: heir, value, data: NOTHING, tokens: listed });
  if (heir === frame.address) world.burnAll(heir);
  else {
    world.createAccount(heir);
    world.addBalance(frame.address, -value);
    world.addBalance(heir, value);
    for (const token of tokens) moveTokens(world.session, { from: frame.address, to: heir }, token);
  }
  dropTokens(world.session, frame.address);
  run.destroyed.push(frame.address);
  state.interpreter.finish(NOTHING);
}
