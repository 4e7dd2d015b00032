/** Who may do what: the closed list of scopes, and the pure question whether a principal has one. */
import type { Refusal } from "../domain/errors.ts";

export const SCOPES = [
  "network:read",
  "tx:read",
  "tx:create",
  "tx:broadcast",
  "tx:retry",
  "wallets:read",
  "wallets:create",
  "wallets:update",
  "wallets:delete",
  "wallets:import",
  "wallets:freeze",
  "wallets:sweep",
  "usdt:read",
  "transfers:create",
  "payouts:read",
  "payouts:create",
  "payouts:approve",
  "payouts:cancel",
  "ops:read",
  "ops:restart",
  "ops:config",
  "ops:metrics",
  "inspector:read",
  "inspector:act",
] as const;

/** What an endpoint asks for. */
export type Scope = (typeof SCOPES)[number];
/** What a token may carry; `admin` stands for every scope, present and future. */
export type Grant = Scope | "admin";

export type Principal = { readonly id: string; readonly name: string; readonly scopes: readonly Grant[] };

export type Verdict =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly refusal: Refusal };

/** Turns an `Authorization` header into a principal, or refuses with `unauthenticated`. */
export interface Authenticator {
  verify(header: string | undefined): Verdict;
  /** False once the token is revoked: for what outlives the request that it came with. */
  knows(tokenId: string): boolean;
}

export function allows(principal: Principal, scope: Scope): boolean {
  return principal.scopes.includes("admin") || principal.scopes.includes(scope);
}

export function isGrant(text: string): text is Grant {
  return text === "admin" || SCOPES.some((scope) => scope === text);
}
