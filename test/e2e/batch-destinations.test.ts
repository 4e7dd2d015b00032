/** Where the lines of a batch go, told by a node over a real socket. */
import { expect, test } from "vitest";
import { fromHex41 } from "../../src/tron/address.ts";
import { deploy } from "../devnet/contract-support.ts";
import { alice } from "../devnet/support.ts";
import { recipient, withRig } from "./support/rig.ts";

type Problem = { code: string; evidence: { lines: { line_id: string; code: string }[] } };

test("a batch of 250 lines, of which one goes to a contract and one to a frozen address, is refused after three questions", async () => {
  // Slowly: a node has the time that it really has.
  await withRig({ speed: 2 }, async (rig) => {
    await rig.devnet.faucet({ address: alice.address, trxSun: 1_000_000_000n });
    await rig.devnet.usdt.setBlacklisted(recipient(249), true);
    await rig.fundedWallet();
    const contract = fromHex41((await deploy(rig.devnet, { bytecode: "60016000f3" })).address);
    const items = Array.from({ length: 250 }, (_, i) => ({
      line_id: `${i}`,
      to: i === 150 ? contract : recipient(i),
      amount: "10.5",
    }));
    const body = { wallet: rig.wallet.id, mode: "all_or_nothing", items };
    rig.devnet.requests.reset();
    const answer = await rig.client.insist<Problem>("POST", "/api/v1/tron/payouts/batch", { body, key: "the batch" });
    expect(answer.body).toMatchObject({ status: 422, code: "batch_invalid" });
    expect(answer.body.evidence.lines.map(({ line_id, code }) => [line_id, code])).toEqual([
      ["150", "destination_is_contract"],
      ["249", "destination_blacklisted"],
    ]);
    expect(rig.devnet.requests.counts.get("/wallet/triggerconstantcontract")).toBe(3);
  });
});
