/**
 * TRC10 tokens: what was issued, and who holds what (java-tron AssetIssueV2Store, AccountCapsule).
 *
 * T1. A token is known by its number as text; names may repeat (AllowSameTokenName).
 * T2. What all accounts hold of a token, with what its issuer has frozen, is its supply.
 */
import type { Asset, Holdings } from "./account-rows.ts";
import { read, type Session, type View } from "./state.ts";

const NONE: Holdings = { balances: {}, issuedId: "", issuedName: "", frozenSupply: [], freeUsage: {} };
/** The number before the first token's. */
const FIRST_BEFORE = 1_000_000;

export function holdingsOf(view: View, hex41: string): Holdings {
  return read(view, `holdings!${hex41}`) ?? NONE;
}

export function changeHoldings(session: Session, hex41: string, change: Partial<Holdings>): void {
  session.write(`holdings!${hex41}`, { ...holdingsOf(session, hex41), ...change });
}

/** In the token's smallest units. */
export function assetBalance(view: View, hex41: string, id: string): bigint {
  return holdingsOf(view, hex41).balances[id] ?? 0n;
}

/** Adds to, or with a negative amount takes from, what an account holds. The caller has checked that there is enough. */
export function addAsset(session: Session, hex41: string, { id, amount }: { id: string; amount: bigint }): void {
  const { balances } = holdingsOf(session, hex41);
  changeHoldings(session, hex41, { balances: { ...balances, [id]: (balances[id] ?? 0n) + amount } });
}

/** Messages name a token by the text of its number. */
export function tokenIdOf(assetName: string): string {
  return Buffer.from(assetName, "hex").toString("utf8");
}

export function assetById(view: View, id: string): Asset | undefined {
  return read(view, `asset!${id}`);
}

export function writeAsset(session: Session, asset: Asset): void {
  session.write(`asset!${asset.id}`, asset);
}

/** The number of the next token, which is then taken. */
export function takeAssetId(session: Session): string {
  const count = (read(session, "count!assets")?.count ?? 0) + 1;
  session.write("count!assets", { count });
  return (FIRST_BEFORE + count).toString();
}

/** By number. */
export function allAssets(view: View): Asset[] {
  const count = read(view, "count!assets")?.count ?? 0;
  return Array.from({ length: count }, (_, at) => assetById(view, (FIRST_BEFORE + at + 1).toString())).filter(
    (asset) => asset !== undefined,
  );
}
