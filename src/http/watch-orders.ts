/**
 * Watch-only wallets: an address that the engine reads and holds no key for. What may be ordered is judged here, and
 * which wallet has an address already.
 */
import type { Static } from "typebox";
import { refuse, type Refusal } from "../domain/errors.ts";
import { PAGE_LIMIT_MAX } from "../domain/limits.ts";
import type { ActorRecord } from "../domain/records.ts";
import type { EngineFacade, RecordPage } from "../supervisor/facade.ts";
import type { WalletOrder } from "./contract/wallets.ts";
import { judgeAddress } from "./payment-orders.ts";
import type { HttpPorts } from "./ports.ts";
import type { Rejected } from "./problem.ts";
import { walletContext } from "./records.ts";

type Ports = Pick<HttpPorts, "addresses" | "network">;
type Order = Pick<Static<typeof WalletOrder>, "kind" | "address" | "limits">;

/** What is wrong with the order itself, whatever is configured and whichever wallets there are; undefined: go on. */
export function judgeKind(ports: Ports, order: Order): Rejected | undefined {
  if (order.kind === "watch") return judgeWatch(ports, order);
  if (order.address === undefined) return undefined;
  return wrongField(
    "address",
    'is only for "kind": "watch"; an HD wallet has the address of the key that is made for it',
  );
}

function judgeWatch(ports: Ports, { address, limits }: Order): Rejected | undefined {
  if (address === undefined) return wrongField("address", 'is required with "kind": "watch"');
  if (limits !== undefined) return limitsOfWatch();
  const invalid = judgeAddress(ports, address);
  return invalid === undefined ? undefined : { refusal: invalid };
}

/** Why nobody needs to watch this address. */
export function judgeWatched(ports: Ports, address: string): Rejected | undefined {
  if (ports.addresses.isBurned(address)) return wrongField("address", "is nobody's: no money ever leaves it");
  if (address === ports.network.usdtContract)
    return wrongField("address", "is the USDT contract; write the address whose USDT is to be watched");
  return undefined;
}

export function limitsOfWatch(): Rejected {
  return wrongField("limits", "are of no use to a watch-only wallet, from which nothing is paid; leave them out");
}

/** Every wallet that has or had this address, newest first, in pages. */
async function* walletsOf(engine: Pick<EngineFacade, "records">, address: string): AsyncGenerator<RecordPage> {
  for (let cursor: string | undefined; ;) {
    const page = { limit: PAGE_LIMIT_MAX, newestFirst: true, ...(cursor === undefined ? {} : { cursor }) };
    const found = await engine.records("wallet", `address:${address}`, page);
    yield found;
    if (found.next === undefined) return;
    cursor = found.next;
  }
}

/** Why an address cannot be watched: another wallet has it. What cannot be read may be that one. */
export async function refuseTaken(
  engine: Pick<EngineFacade, "records">,
  address: string,
): Promise<Refusal | undefined> {
  for await (const { records, damaged } of walletsOf(engine, address)) {
    const taken = records.find(isOpen) ?? damaged[0];
    if (taken !== undefined) return conflict(taken, `Wallet ${taken.id} already has this address`);
  }
  return undefined;
}

/**
 * Why a key cannot be imported: two wallets would show the same money, one of them as if nobody could pay it. A wallet
 * that has the key is named before one that watches, which would be archived for nothing. Without either the keystore
 * knows whose the key is.
 */
export async function refuseImport(
  engine: Pick<EngineFacade, "records">,
  address: string,
): Promise<Refusal | undefined> {
  let keyed: ActorRecord | undefined;
  let watching: ActorRecord | undefined;
  for await (const { records } of walletsOf(engine, address)) {
    keyed ??= records.find((record) => !isWatching(record));
    watching ??= records.find((record) => isWatching(record) && isOpen(record));
  }
  if (keyed !== undefined && !isOpen(keyed))
    return conflict(keyed, `Wallet ${keyed.id} has this key and is archived; an archived wallet is not opened again`);
  if (watching === undefined) return undefined;
  return keyed === undefined
    ? conflict(watching, `Wallet ${watching.id} watches the address of this key; archive it, then import the key`)
    : conflict(keyed, `Wallet ${keyed.id} already has this key`);
}

function conflict({ id }: Pick<ActorRecord, "id">, detail: string): Refusal {
  return refuse("conflict", detail, { wallet: id });
}

function isWatching(record: ActorRecord): boolean {
  return walletContext(record).kind === "watch";
}

function isOpen({ tag }: ActorRecord): boolean {
  return tag !== "archived";
}

function wrongField(field: string, message: string): Rejected {
  return {
    refusal: refuse("validation_failed", `In the body, /${field} ${message}`),
    errors: [{ path: `/${field}`, message }],
  };
}
