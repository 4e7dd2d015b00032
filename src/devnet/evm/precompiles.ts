/**
 * Contracts that every chain has at low addresses (java-tron PrecompiledContracts). Simulated: 1 to 8 and the two checks
 * of signatures, 9 and 10. Not simulated: shielded transfers (0x1000001 to 0x1000004), and questions about votes, rewards and stakes (0x1000005 and above): they answer like an
 * address without code.
 */
import type { EVM } from "@ethereumjs/evm";
import { fromHex, toHex } from "../../tron/bytes.ts";
import { sha256 } from "../../tron/hashes.ts";
import { recoverHex41 } from "../../tron/signature.ts";
import { permissionById, permissionsOf } from "../permissions.ts";
import { accountOf, type View } from "../state.ts";

export type Precompile = {
  energy(data: Uint8Array): number;
  /** `undefined`: it failed, and everything it was given is spent. */
  run(data: Uint8Array, view: View): Promise<Uint8Array | undefined>;
};

/** The library's function at an address. */
type Run = (address: string, data: Uint8Array) => Promise<Uint8Array | undefined>;

const WORD = 32;
const SIGNATURE_ENERGY = 1_500;
const BATCH_MAX = 16;
const MULTI_MAX = 5;

/** By "41…". */
export function precompiles(
  evm: EVM,
  run: (code: PrecompileCode, data: Uint8Array) => Promise<Uint8Array | undefined>,
) {
  const library: Run = (address, data) => {
    const code = evm.precompiles.get(address.slice(2));
    return code === undefined ? Promise.resolve(undefined) : run(code, data);
  };
  const borrowed = (number: number, energy: Precompile["energy"]): [string, Precompile] => {
    const address = addressOf(number);
    return [address, { energy, run: (data) => library(address, data) }];
  };
  return new Map<string, Precompile>([
    borrowed(1, () => 3_000),
    borrowed(2, (data) => 60 + 12 * words(data)),
    [addressOf(3), { energy: (data) => 600 + 120 * words(data), run: async (data) => tronRipemd(data) }],
    borrowed(4, (data) => 15 + 3 * words(data)),
    borrowed(5, modExpEnergy),
    borrowed(6, () => 150),
    borrowed(7, () => 6_000),
    borrowed(8, (data) => 45_000 + 34_000 * Math.floor(data.length / 192)),
    [addressOf(9), { energy: (data) => signatureEnergy(data, 6), run: async (data) => batchValidateSign(data) }],
    [
      addressOf(10),
      { energy: (data) => signatureEnergy(data, 5), run: async (data, view) => validateMultiSign(data, view) },
    ],
  ]);
}

type PrecompileCode = EVM["precompiles"] extends Map<string, infer Code> ? Code : never;

function addressOf(number: number): string {
  return `41${number.toString(16).padStart(40, "0")}`;
}

function words(data: Uint8Array): number {
  return Math.ceil(data.length / WORD);
}

/** It is sha256 twice, the first cut to 20 bytes: a mistake that the chain has kept. */
function tronRipemd(data: Uint8Array): Uint8Array {
  return sha256(sha256(data).subarray(0, 20));
}

/** EIP-198. */
function modExpEnergy(data: Uint8Array): number {
  const [base, exponent, modulus] = [0, 1, 2].map((at) => Number(wordAt(data, at)));
  if (base === undefined || exponent === undefined || modulus === undefined) return 0;
  const head = BigInt(`0x0${toHex(padded(data, 96 + base, Math.min(exponent, WORD)))}`);
  const bits = head === 0n ? 0 : head.toString(2).length - 1;
  const adjusted = exponent <= WORD ? bits : 8 * (exponent - WORD) + bits;
  const size = Math.max(base, modulus);
  const complexity =
    size <= 64
      ? size ** 2
      : size <= 1024
        ? Math.floor(size ** 2 / 4) + 96 * size - 3_072
        : Math.floor(size ** 2 / 16) + 480 * size - 199_680;
  const energy = Math.floor((complexity * Math.max(adjusted, 1)) / 20);
  return Number.isFinite(energy) ? energy : Number.MAX_SAFE_INTEGER;
}

function wordAt(data: Uint8Array, at: number): bigint {
  return BigInt(`0x${toHex(padded(data, at * WORD, WORD))}`);
}

/** Bytes of the data, with zeros beyond its end; a length that nobody can pay for gives none. */
function padded(data: Uint8Array, offset: number, length: number): Uint8Array {
  if (offset >= data.length) return new Uint8Array(length);
  const bytes = new Uint8Array(length);
  bytes.set(data.subarray(offset, offset + length));
  return bytes;
}

function signatureEnergy(data: Uint8Array, wordsEach: number): number {
  const count = Math.trunc((Math.floor(data.length / WORD) - 5) / wordsEach);
  return Math.max(0, count * SIGNATURE_ENERGY);
}

const FALSE = new Uint8Array(WORD);

/** batchvalidatesign(bytes32 hash, bytes[] signatures, address[] addresses): byte i is 1 where they belong together. */
function batchValidateSign(data: Uint8Array): Uint8Array {
  const hash = toHex(padded(data, 0, WORD));
  const signatures = listOf(data, 1).map((at) => bytesAt(data, at));
  const addresses = addressesAt(data, Number(wordAt(data, 2)));
  if (signatures.length === 0 || signatures.length > BATCH_MAX || signatures.length !== addresses.length) return FALSE;
  const result = new Uint8Array(WORD);
  signatures.forEach((signature, at) => {
    if (signature.length >= 65 && recovered(hash, signature) === addresses[at]) result[at] = 1;
  });
  return result;
}

/** validatemultisign(address, uint256 permissionId, bytes32 content, bytes[] signatures). */
function validateMultiSign(data: Uint8Array, view: View): Uint8Array {
  const account = `41${toHex(padded(data, 12, 20))}`;
  const id = Number(BigInt.asUintN(32, wordAt(data, 1)));
  const content = toHex(padded(data, 64, WORD));
  const hash = toHex(sha256(fromHex(account + id.toString(16).padStart(8, "0") + content)));
  const signatures = listOf(data, 3).map((at) => bytesAt(data, at));
  if (signatures.length === 0 || signatures.length > MULTI_MAX) return FALSE;
  const permission = accountOf(view, account) && permissionById(permissionsOf(view, account), id);
  if (permission === undefined) return FALSE;
  const signers = signatures.map((signature) => (signature.length < 65 ? undefined : recovered(hash, signature)));
  const weights = new Map(permission.keys.map((key) => [key.address, key.weight]));
  let weight = 0n;
  for (const signer of new Set(signers)) {
    const own = signer === undefined ? undefined : weights.get(signer);
    if (own === undefined) return FALSE;
    weight += own;
  }
  if (weight < permission.threshold) return FALSE;
  const result = new Uint8Array(WORD);
  result[WORD - 1] = 1;
  return result;
}

function recovered(hash: string, signature: Uint8Array): string | undefined {
  return recoverHex41(hash, toHex(signature.subarray(0, 65)));
}

/** Offsets of the elements of a list of bytes, whose own offset is word `at`. */
function listOf(data: Uint8Array, at: number): number[] {
  const start = Number(wordAt(data, at));
  const count = start + WORD > data.length ? 0 : Number(wordAt(data, start / WORD));
  if (!Number.isSafeInteger(start / WORD) || count > BATCH_MAX) return [];
  return Array.from({ length: count }, (_, item) => start + WORD + Number(wordAt(data, start / WORD + 1 + item)));
}

function bytesAt(data: Uint8Array, offset: number): Uint8Array {
  if (!Number.isSafeInteger(offset / WORD) || offset + WORD > data.length) return new Uint8Array(0);
  const length = Number(wordAt(data, offset / WORD));
  return length > data.length ? new Uint8Array(0) : padded(data, offset + WORD, length);
}

function addressesAt(data: Uint8Array, start: number): string[] {
  if (!Number.isSafeInteger(start / WORD) || start + WORD > data.length) return [];
  const count = Number(wordAt(data, start / WORD));
  if (count > BATCH_MAX) return [];
  return Array.from({ length: count }, (_, at) => `41${toHex(padded(data, start + WORD * (at + 1) + 12, 20))}`);
}
