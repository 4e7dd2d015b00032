/**
 * Words for tables of fields. `shown` says how the HTTP API spells bytes when `visible` is on (java-tron
 * HttpSelfFormatFieldName): as base58 address, as text, or, without it, always as hex.
 */
import type { Field, Scalar, Shape } from "../protobuf.ts";

type ListOf<S> = { readonly n: number; readonly is: S; readonly repeated: true };
type Bytes = { readonly n: number; readonly is: "bytes" };

export const owner = { n: 1, is: "bytes", shown: "address" } as const;

export function address<N extends number>(n: N) {
  return { n, is: "bytes", shown: "address" } as const;
}

export function text<N extends number>(n: N) {
  return { n, is: "bytes", shown: "text" } as const;
}

export function bytes(n: number): Bytes {
  return { n, is: "bytes" };
}

export function int64(n: number) {
  return { n, is: "int64" } as const satisfies Field;
}

export function int32(n: number) {
  return { n, is: "int32" } as const satisfies Field;
}

export function bool(n: number) {
  return { n, is: "bool" } as const satisfies Field;
}

export function string(n: number) {
  return { n, is: "string" } as const satisfies Field;
}

/** `names` by number; the gaps of an enum are not supported, TRON's small enums have none. */
export function enumOf(n: number, names: readonly string[]) {
  return { n, is: "enum", names } as const satisfies Field;
}

export function listOf<S extends Scalar | Shape>(n: number, is: S): ListOf<S> {
  return { n, is, repeated: true };
}

export const RESOURCE_CODES = ["BANDWIDTH", "ENERGY", "TRON_POWER"] as const;
export const ACCOUNT_TYPES = ["Normal", "AssetIssue", "Contract"] as const;
export const PERMISSION_TYPES = ["Owner", "Witness", "Active"] as const;
