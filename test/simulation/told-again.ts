/**
 * What an honest node says about committed blocks, made once for each head of the chain: several nodes are asked the same
 * things, and the engine asks again and again.
 *
 * T1. Only questions are answered from here whose answer follows from the committed blocks: not what waits in the pool.
 * T2. The chain is left as if the answer had been made anew: a call that is tried takes a tick.
 */
import type { Chain } from "../../src/devnet/chain.ts";

const COMMITTED: ReadonlySet<string> = new Set([
  "/wallet/getnowblock",
  "/wallet/getblockbynum",
  "/wallet/getblockbylimitnext",
  "/wallet/gettransactioninfobyblocknum",
  "/walletsolidity/getnowblock",
  "/walletsolidity/getaccount",
  "/walletsolidity/gettransactioninfobyblocknum",
  "/walletsolidity/triggerconstantcontract",
]);

type Known = { readonly text: string; readonly ticks: number };
type Asked = { readonly path: string; readonly body: string; readonly lag: number };

export class ToldAgain {
  private readonly chain: Chain;
  private readonly known = new Map<string, Known>();
  private head: unknown;

  constructor(chain: Chain) {
    this.chain = chain;
  }

  /** `make`: how a node finds the answer. */
  async answer({ path, body, lag }: Asked, make: () => Promise<string>): Promise<string> {
    if (!COMMITTED.has(path)) return make();
    const { chain, known } = this;
    const { head } = chain.store;
    if (head !== this.head) known.clear();
    this.head = head;
    const name = `${path} ${lag} ${body}`;
    const before = known.get(name);
    if (before !== undefined) {
      for (let ticks = 0; ticks < before.ticks; ticks += 1) chain.tick();
      return before.text;
    }
    const { ticks } = chain;
    const text = await make();
    if (chain.store.head === head) known.set(name, { text, ticks: chain.ticks - ticks });
    return text;
  }
}
