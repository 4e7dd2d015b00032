/** TRC10 tokens as code sees them: ids are numbers (java-tron VMUtils.validateForSmartContract, MUtil). */
import { addAsset, assetBalance, assetById, changeHoldings, holdingsOf } from "../assets.ts";
import { accountOf, type Session, type View } from "../state.ts";

export type Sent = { readonly id: bigint; readonly amount: bigint };

export function tokenBalance(view: View, hex41: string, id: bigint): bigint {
  return assetBalance(view, hex41, id.toString());
}

/** The caller has checked that the sender has enough. */
export function moveTokens(session: Session, between: { from: string; to: string }, { id, amount }: Sent): void {
  addAsset(session, between.from, { id: id.toString(), amount: -amount });
  addAsset(session, between.to, { id: id.toString(), amount });
}

/** What is wrong with sending them. */
export function objectionToTokens(view: View, from: string, { id, amount }: Sent): string | undefined {
  if (accountOf(view, from) === undefined) return "No owner account!";
  if (assetById(view, id.toString()) === undefined) return "No asset !";
  const owned = tokenBalance(view, from, id);
  if (owned <= 0n) return "assetBalance must greater than 0.";
  return amount > owned ? "assetBalance is not sufficient." : undefined;
}

/** Tokens of a contract that destroys itself. */
export function allTokens(view: View, hex41: string): Sent[] {
  const held = Object.entries(holdingsOf(view, hex41).balances);
  return held.flatMap(([id, amount]) => (amount > 0n ? [{ id: BigInt(id), amount }] : []));
}

/** Takes all tokens of an account out of the world. */
export function dropTokens(session: Session, hex41: string): void {
  changeHoldings(session, hex41, { balances: {} });
}
