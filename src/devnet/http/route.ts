/** What the handlers of API paths have in common. */
import type { Chain } from "../chain.ts";
import type { NodeFault } from "../faults.ts";
import { SLOT_MS } from "../parameters.ts";
import type { Pool } from "../pool.ts";
import type { View } from "../state.ts";
import type { Json } from "./json.ts";
import type { ApiRequest } from "./request.ts";

/** From where a node looks at the chain: `/wallet` from the head with what is pending, `/walletsolidity` from the solidified block. */
export type Perspective = {
  /** The newest block that exists for it. */
  readonly number: number;
  readonly state: View;
  /** Absent: it knows of nothing that is not in a block. */
  readonly pool?: Pool;
};

export type Context = {
  readonly chain: Chain;
  readonly at: Perspective;
  /** A fault that the handler itself has to play. */
  readonly fault?: NodeFault;
};

export type Handler = (request: ApiRequest, context: Context) => Json | Promise<Json>;

/** `both`: GET and POST. `empty`: GET answers 200 and nothing. `post`: GET is 405 (tron.md §2.1). */
export type Methods = "both" | "empty" | "post";

export type Route = {
  readonly methods: Methods;
  readonly solidity: boolean;
  readonly handle: Handler;
  /** It answers a POST as a GET: its body is not read, unless it is a form. */
  readonly ignoresBody?: true;
  /** The node was configured without it: 404, and says so. */
  readonly closed?: true;
  /** It executes contracts on the state it sees, so nothing may change meanwhile (chain.ts H1). */
  readonly simulates?: true;
};

/** Timestamp of the newest block that exists for the one who asks, ms. */
export function timeOf({ chain, at }: Context): number {
  return chain.store.block(at.number)?.timestamp ?? 0;
}

export function slotOf(context: Context): number {
  return Math.floor(timeOf(context) / SLOT_MS);
}
