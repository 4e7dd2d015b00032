/**
 * What an order has to know of the wallet that is to pay it: address, kind, limits, whether it is open. Owns a cache of
 * these few facts, because reading a wallet's whole record for each order costs more than judging the order.
 *
 * W1. An entry goes in the commit of any step that could change it, before that step's own request is answered.
 * W2. Room and daily limit are not here: the wallet itself judges them, in the commit of the payment.
 */
import { refuse, type Refusal } from "../domain/errors.ts";
import type { ActorRecord } from "../domain/records.ts";
import type { Limits } from "../machines/ledger.ts";
import type { CommittedStep, EngineFacade } from "../supervisor/facade.ts";
import { WALLETS_CACHED_MAX } from "./bounds.ts";
import { orRefusal } from "./problem.ts";
import { walletContext } from "./records.ts";

export type PayingWallet = { readonly id: string; readonly address: string; readonly limits: Limits };

/** Steps that move money or read a balance; they change the ledger and nothing that is kept here. */
const LEDGER_EVENTS: ReadonlySet<string> = new Set([
  "wallet.reserve",
  "wallet.send",
  "wallet.settle",
  "wallet.takeBack",
  "wallet.release",
  "wallet.refresh",
  "xstate.done.actor.balances",
  "xstate.error.actor.balances",
]);

export class PayingWallets {
  readonly #engine: Pick<EngineFacade, "record">;
  readonly #known = new Map<string, PayingWallet>();

  constructor(engine: Pick<EngineFacade, "record" | "subscribe">) {
    this.#engine = engine;
    // For the life of the process: the engine ends after its doors.
    engine.subscribe((step) => this.#forget(step));
  }

  /** The wallet, or why it pays nothing; a damaged record is one reason more, and never keeps a repeat from its answer. */
  find(id: string): PayingWallet | Refusal {
    return this.#known.get(id) ?? orRefusal(() => this.#read(id));
  }

  #read(id: string): PayingWallet | Refusal {
    const record = this.#engine.record({ kind: "wallet", id });
    if (record === undefined) return refuse("not_found", `There is no wallet ${id}`, { wallet: id });
    return closed(record) ?? this.#remember(record);
  }

  #remember(record: ActorRecord): PayingWallet {
    const { address, limits } = walletContext(record);
    const wallet = { id: record.id, address, limits };
    if (this.#known.size >= WALLETS_CACHED_MAX) this.#known.clear();
    this.#known.set(record.id, wallet);
    return wallet;
  }

  #forget({ actor, event }: CommittedStep): void {
    if (actor.kind === "wallet" && !LEDGER_EVENTS.has(event)) this.#known.delete(actor.id);
  }
}

function closed(record: ActorRecord): Refusal | undefined {
  if (walletContext(record).kind === "watch") {
    return refuse("wallet_watch_only", "The engine holds no key for this wallet; pay from another");
  }
  if (record.tag === "frozen") {
    return refuse("wallet_frozen", "An operator stopped this wallet; unfreeze it or pay from another");
  }
  return record.tag === "archived" ? refuse("wallet_archived", "This wallet is put away; pay from another") : undefined;
}
