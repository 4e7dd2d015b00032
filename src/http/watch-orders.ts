/**
 * Watch-only wallets: an address that the engine reads and holds no key for. What may be ordered is judged here, and
 * which wallet has an address already.
 */
import type { Static } from "typebox";
import { refuse, type Refusal } from "../domain/errors.ts";
import { PAGE_LIMIT_MAX } from "../domain/limits.ts";
import type { WalletContext } from "../machines/wallet.machine.ts";
import type { EngineFacade } from "../supervisor/facade.ts";
import type { WalletOrder } from "./contract/wallets.ts";
import { judgeAddress } from "./payment-orders.ts";
import type { HttpPorts } from "./ports.ts";
import type { Rejected } from "./problem.ts";
import { walletContext } from "./records.ts";

type Ports = Pick<HttpPorts, "addresses" | "network">;
type Order = Pick<Static<typeof WalletOrder>, "kind" | "address" | "limits">;

/** What is wrong with the order itself, whichever wallets there are; undefined: go on. */
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
  if (invalid !== undefined) return { refusal: invalid };
  if (ports.addresses.isBurned(address)) return wrongField("address", "is nobody's: no money ever leaves it");
  if (address === ports.network.usdtContract)
    return wrongField("address", "is the USDT contract; write the address whose USDT is to be watched");
  return undefined;
}

export function limitsOfWatch(): Rejected {
  return wrongField("limits", "are of no use to a watch-only wallet, from which nothing is paid; leave them out");
}

/** The one that has this address and is not archived. What cannot be read may be that one. */
async function walletAt(
  engine: Pick<EngineFacade, "records">,
  address: string,
): Promise<{ readonly id: string; readonly kind: WalletContext["kind"] | "damaged" } | undefined> {
  for (let cursor: string | undefined; ;) {
    const page = { limit: PAGE_LIMIT_MAX, ...(cursor === undefined ? {} : { cursor }) };
    const { records, damaged, next } = await engine.records("wallet", `address:${address}`, page);
    const open = records.find(({ tag }) => tag !== "archived");
    if (open !== undefined) return { id: open.id, kind: walletContext(open).kind };
    if (damaged[0] !== undefined) return { id: damaged[0].id, kind: "damaged" };
    if (next === undefined) return undefined;
    cursor = next;
  }
}

/** Why an address cannot be watched. */
export async function refuseTaken(
  engine: Pick<EngineFacade, "records">,
  address: string,
): Promise<Refusal | undefined> {
  const taken = await walletAt(engine, address);
  return taken === undefined
    ? undefined
    : refuse("conflict", `Wallet ${taken.id} already has this address`, { wallet: taken.id });
}

/** Why a key cannot be imported: two wallets would show the same money, one of them as if nobody could pay it. */
export async function refuseWatched(
  engine: Pick<EngineFacade, "records">,
  address: string,
): Promise<Refusal | undefined> {
  const taken = await walletAt(engine, address);
  return taken?.kind === "watch"
    ? refuse("conflict", `Wallet ${taken.id} watches the address of this key; archive it, then import the key`, {
        wallet: taken.id,
      })
    : undefined;
}

function wrongField(field: string, message: string): Rejected {
  return {
    refusal: refuse("validation_failed", `In the body, /${field} ${message}`),
    errors: [{ path: `/${field}`, message }],
  };
}
