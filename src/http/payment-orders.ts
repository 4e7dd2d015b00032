/**
 * From an order in the words of the API to the input of a payout actor, or a refusal that says what to change. Only
 * what can be judged without the wallet's ledger is judged here; room and daily limit are the wallet's own decision,
 * made in the same commit.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import { LANDING_MS_MIN } from "../domain/limits.ts";
import { isLess, lesser, parseDecimal, ZERO, type Asset, type Units } from "../domain/money.ts";
import { judgeAmount } from "../machines/ledger.ts";
import { boundsOf } from "../machines/transaction-context.ts";
import { canonicalJson, digest } from "./idempotency.ts";
import type { HttpPorts } from "./ports.ts";
import type { PayingWallet } from "./paying-wallets.ts";

type Ports = Pick<HttpPorts, "addresses" | "ownAddress" | "payments">;
export type Purpose = "payout" | "transfer";

/** How much an attempt may cost at most, sun, and how late it may be paid, ms of block time. */
export type Bounds = { readonly maxFeeSun?: Units; readonly notAfter?: number };
export type Line = Bounds & {
  readonly to: string;
  readonly amount: string;
  readonly asset: Asset;
  readonly purpose: Purpose;
};
/** A line that the door has nothing against. */
export type JudgedLine = {
  readonly amount: Units;
  readonly hash: string;
  readonly needsApproval: boolean;
  readonly feeReserveSun: Units;
};

export function judgeLine(ports: Ports, wallet: PayingWallet, line: Line): JudgedLine | Refusal {
  return judgeDestination(ports, wallet, line) ?? judgeSum(ports, wallet, line);
}

export function isRefusal(value: object): value is Refusal {
  return "code" in value;
}

/** "12.5" or a refusal in words. */
export function readAmount(text: string): Units | Refusal {
  const amount = parseDecimal(text);
  if (amount === undefined) {
    return refuse(
      "invalid_amount",
      `Write the amount as decimal text with at most 6 places and at most 9223372036854.775807, such as "12.5"`,
    );
  }
  return amount === ZERO ? refuse("invalid_amount", "The amount must be more than 0") : amount;
}

/** `blockTime`: of the newest known block; 0 before the first, when nothing is late yet. */
export function readBounds(
  { maxFee, notAfter: notAfterText }: { maxFee?: string | undefined; notAfter?: string | undefined },
  blockTime: number,
): Bounds | Refusal {
  const maxFeeSun = maxFee === undefined ? undefined : readAmount(maxFee);
  if (typeof maxFeeSun === "object") return { ...maxFeeSun, evidence: { max_fee_trx: maxFee } };
  const notAfter = notAfterText === undefined ? undefined : readTime(notAfterText);
  if (typeof notAfter === "object") return notAfter;
  if (notAfter !== undefined && notAfter < blockTime + LANDING_MS_MIN) {
    const evidence = { block_time: new Date(blockTime).toISOString() };
    return refuse("not_after_passed", "No transaction could be in a block before not_after any more", evidence);
  }
  return boundsOf({ maxFeeSun, notAfter });
}

/** The form is checked already; a day that its month does not have would be read as one of the next month. */
function readTime(text: string): number | Refusal {
  const time = Date.parse(text);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 19) !== text.slice(0, 19))
    return refuse("validation_failed", "not_after is a day or an hour that does not exist", { not_after: text });
  return time;
}

/** What is wrong with an address itself, wherever it is used. */
export function judgeAddress({ addresses }: Pick<HttpPorts, "addresses">, address: string): Refusal | undefined {
  if (addresses.isValid(address)) return undefined;
  const hint = /^(0x|41)[0-9a-f]{40}$/i.test(address)
    ? "; hex has no checksum, write it in base58 (T…)"
    : "; check each character, upper and lower case differ";
  return refuse("invalid_address", `This is not a TRON address or its checksum is wrong${hint}`);
}

function judgeDestination(ports: Ports, wallet: PayingWallet, { to, purpose }: Line): Refusal | undefined {
  const wrong = judgeAddress(ports, to);
  if (wrong !== undefined) return wrong;
  if (ports.addresses.isBurned(to))
    return refuse("destination_is_zero", "Nobody can spend from this address; money sent there is lost", { to });
  if (to === wallet.address) return refuse("destination_is_self", "The wallet would pay itself", { to });
  if (purpose === "payout" && ports.ownAddress(to)) {
    return refuse(
      "destination_is_own_wallet",
      "This is another wallet of this engine; move money between wallets with a transfer",
      { to },
    );
  }
  return undefined;
}

/** What is set aside for the fee of one attempt: no more than it may cost. */
export function feeReserveOf(
  { payments }: Pick<HttpPorts, "payments">,
  { asset, maxFeeSun }: Pick<Line, "asset" | "maxFeeSun">,
): Units {
  const reserve = payments.feeReserveSun[asset];
  return maxFeeSun === undefined ? reserve : lesser(reserve, maxFeeSun);
}

function judgeSum(ports: Ports, wallet: PayingWallet, line: Line): JudgedLine | Refusal {
  const { asset, purpose, to } = line;
  const amount = readAmount(line.amount);
  if (typeof amount !== "string") return amount;
  const { limits } = wallet;
  const beyond = judgeAmount(limits, { asset, amount, purpose });
  if (beyond !== undefined) return beyond;
  const { notAfter } = line;
  const feeReserveSun = feeReserveOf(ports, line);
  const until = notAfter === undefined ? {} : { notAfter };
  return {
    amount,
    feeReserveSun,
    hash: digest(canonicalJson({ amount, asset, feeReserveSun, to, wallet: wallet.id, ...until })),
    needsApproval: asset === "USDT" && limits.approvalAbove !== undefined && isLess(limits.approvalAbove, amount),
  };
}
