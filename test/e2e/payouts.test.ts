/** Payouts through every real part of the program, counted on the chain. */
import { expect, test } from "vitest";
import type { BatchView } from "../../src/http/contract/payouts.ts";
import type { Problem } from "../support/client.ts";
import { until } from "../support/poll.ts";
import { recipient, withRig, type Rig } from "./support/rig.ts";

test("a payout ordered over HTTP is confirmed when its transfer is in a solidified block, and not before", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet();
    const id = await rig.pay("12.345678", "one");
    await rig.untilPooled();
    await rig.devnet.mine(3);
    await rig.untilEvent(id, "chain.included");
    expect((await rig.client.payout(id)).status).toBe("broadcast");
    await rig.devnet.mine(3);
    const payout = await rig.untilStatus(id, "confirmed");
    const [payment, ...others] = rig.paid();
    expect(others).toEqual([]);
    expect(payment).toMatchObject({ to: recipient(1), amount: 12_345_678n, txId: payout.txid, solid: true });
    expect(payout.block_number).toBe(payment?.blockNumber);
    await rig.expectLedgerEqualsChain();
  });
});

test("a batch of 200 lines pays each line once, also two lines to one address, and the same batch again pays nobody", async () => {
  // An expiration is ten seconds of the machine: also a slow one has all lines on the chain by then.
  await withRig({ speed: 30, environment: { TX_EXPIRATION_SECONDS: "300" } }, async (rig) => {
    await rig.fundedWallet();
    rig.run();
    const items = Array.from({ length: 200 }, (_, i) => ({
      line_id: `line-${i}`,
      to: recipient(i % 150),
      amount: `${10 + i}.${String(i).padStart(6, "0")}`,
    }));
    const first = await order(rig, items);
    const batch = await until("the end of the batch", async () => {
      const seen = await rig.client.batch(first.id);
      return seen.status === "finished" ? seen : undefined;
    });
    expect(batch.by_status["confirmed"]?.count).toBe(200);
    expect((await order(rig, items)).id).toBe(first.id);
    const paid = rig.paid().map(({ to, amount }) => `${to} ${amount}`);
    const ordered = items.map(({ to, amount }) => `${to} ${amount.replace(".", "")}`);
    expect(paid.toSorted()).toEqual(ordered.toSorted());
    await rig.expectLedgerEqualsChain();
  });
});

test("200 parallel payouts against a daily limit with room for 10 reserve and pay exactly 10", async () => {
  await withRig({}, async (rig) => {
    await rig.fundedWallet({ limits: { daily: "250" } });
    rig.run();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        return rig.client.pay({ wallet: rig.wallet.id, to: recipient(i), amount: "25" }, `parallel ${i}`);
      }),
    );
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 422);
    expect([accepted.length, refused.length]).toEqual([10, 190]);
    for (const { body } of refused) expect((body as unknown as Problem).code).toBe("daily_limit_exceeded");
    for (const { body } of accepted) await rig.untilStatus(body.id, "confirmed");
    expect(rig.paid()).toHaveLength(10);
    await rig.expectLedgerEqualsChain();
  });
});

test("with 1,000 payouts in flight the node is asked at most 0.2 times per payout beyond estimate and broadcast", async () => {
  // Engine clock and chain keep their real ratio: two looks at the head per block of 3 s.
  const slotMs = 600;
  await withRig(
    {
      speed: 3_000 / slotMs,
      devnet: { solidLag: 8 },
      environment: { DEVNET_BLOCK_MS: "3000", TX_EXPIRATION_SECONDS: "120" },
    },
    async (rig) => {
      await rig.fundedWallet();
      const items = Array.from({ length: 1_000 }, (_, i) => ({ line_id: `${i}`, to: recipient(i), amount: "10.5" }));
      rig.devnet.requests.reset();
      rig.run();
      const { id } = await order(rig, items);
      await until("the end of the batch", async () => (await rig.client.batch(id)).status === "finished", {
        everyMs: 200,
      });
      expect(rig.paid()).toHaveLength(1_000);
      const perPayout = ["/wallet/triggerconstantcontract", "/wallet/broadcasthex"];
      const others = [...rig.devnet.requests.counts].filter(([path]) => !perPayout.includes(path));
      const calls = others.reduce((sum, [, count]) => sum + count, 0);
      expect(calls / 1_000, JSON.stringify(others)).toBeLessThanOrEqual(0.2);
      for (const path of perPayout) expect(rig.devnet.requests.counts.get(path), path).toBeGreaterThanOrEqual(1_000);
    },
  );
});

async function order(rig: Rig, items: readonly { line_id: string; to: string; amount: string }[]): Promise<BatchView> {
  const body = { wallet: rig.wallet.id, mode: "all_or_nothing", items };
  const answer = await rig.client.insist<BatchView>("POST", "/api/v1/tron/payouts/batch", { body, key: "the batch" });
  expect(answer.status, JSON.stringify(answer.body).slice(0, 300)).toBe(202);
  return answer.body;
}
