/** Requests to the node per confirmed payout with many in flight, counted by the devnet itself. */
import { recipient, withRig } from "../test/e2e/support/rig.ts";
import { until } from "../test/support/poll.ts";

export type NodeCallFigures = { readonly others: number; readonly estimates: number; readonly broadcasts: number };

const ESTIMATE = "/wallet/triggerconstantcontract";
const BROADCAST = "/wallet/broadcasthex";

/** The chain runs ten times as fast as the real one, and so does the engine's clock: two looks at the head per block. */
export async function measureNodeCalls(payouts: number): Promise<NodeCallFigures> {
  const slotMs = 300;
  const environment = { DEVNET_BLOCK_MS: "3000", TX_EXPIRATION_SECONDS: "120" };
  let figures: NodeCallFigures = { others: 0, estimates: 0, broadcasts: 0 };
  await withRig({ speed: 3_000 / slotMs, devnet: { solidLag: 18 }, environment }, async (rig) => {
    await rig.fundedWallet();
    const items = Array.from({ length: payouts }, (_, i) => ({ line_id: `${i}`, to: recipient(i), amount: "10.5" }));
    rig.devnet.requests.reset();
    rig.run(slotMs);
    const body = { wallet: rig.wallet.id, mode: "all_or_nothing", items };
    const { body: batch } = await rig.client.insist<{ id: string }>("POST", "/api/v1/tron/payouts/batch", {
      body,
      key: "bench",
    });
    await until("the end of the batch", async () => (await rig.client.batch(batch.id)).status === "finished", {
      withinMs: 60_000,
      everyMs: 200,
    });
    const { counts } = rig.devnet.requests;
    const others = [...counts].reduce(
      (sum, [path, count]) => (path === ESTIMATE || path === BROADCAST ? sum : sum + count),
      0,
    );
    const of = (path: string) => (counts.get(path) ?? 0) / payouts;
    figures = { others: others / payouts, estimates: of(ESTIMATE), broadcasts: of(BROADCAST) };
  });
  return figures;
}
