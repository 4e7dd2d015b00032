/** Threat A5: several people decide at once. All orders of their decisions, with the engine at rest or busy between any two. */
import { expect, test } from "vitest";
import type { EngineAnswer } from "../../src/supervisor/facade.ts";
import { openWallet, pay, send, startRig, tagOf, type Rig } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";

const HASH = "hash-of-po_1";
const DECISIONS = {
  "token-b approves": { type: "payout.approve", by: "token-b", hash: HASH },
  "token-c approves": { type: "payout.approve", by: "token-c", hash: HASH },
  "token-a cancels": { type: "payout.cancel", by: "token-a" },
  "token-b rejects": { type: "payout.reject", by: "token-b" },
} as const;
type Decision = keyof typeof DECISIONS;

function ordersOf<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((first) => ordersOf(things.filter((thing) => thing !== first)).map((rest) => [first, ...rest]));
}

/** Every payout of an order ends, whatever was sent when. */
async function decide(order: readonly Decision[], restsAfter: (place: number) => boolean) {
  const rig: Rig = await startRig();
  await openWallet(rig);
  await pay(rig, "po_1", { needsApproval: true });
  await drain();
  const answers: Promise<EngineAnswer>[] = [];
  for (const [place, name] of order.entries()) {
    answers.push(send(rig, "payout", "po_1", DECISIONS[name]));
    if (restsAfter(place)) await drain();
  }
  const told = await Promise.all(answers);
  await drain();
  for (const watch of rig.world.watches.values()) {
    void rig.engine.deliver([{ actor: watch.actor, message: rig.world.solidified() }]);
  }
  await drain();
  const accepted = order.filter((_name, place) => !("refusal" in (told[place] ?? {})));
  return { accepted, end: tagOf(rig, "payout", "po_1"), signatures: rig.world.signatures.length };
}

test("of approvals, a cancel and a rejection in any order, one decides, all are told so, and at most one transfer is signed", async () => {
  const ends = new Map<string, number>();
  for (const order of ordersOf(Object.keys(DECISIONS) as Decision[])) {
    for (let mask = 0; mask < 8; mask += 1) {
      const { accepted, end, signatures } = await decide(order, (place) => (mask & (1 << place)) !== 0);
      const said = `${order.join(", ")}; rests ${mask.toString(2)}; accepted: ${accepted.join(", ")}`;
      ends.set(end ?? "", (ends.get(end ?? "") ?? 0) + 1);
      expect(signatures, said).toBe(end === "confirmed" ? 1 : 0);
      expect(end, said).toBeOneOf(["confirmed", "cancelled", "rejected"]);
      // Only before anything is signed can a cancel win over an approval; nobody else is told yes.
      const last = accepted.at(-1);
      if (end === "cancelled") expect(last, said).toBe("token-a cancels");
      if (end === "rejected") expect(accepted, said).toEqual(["token-b rejects"]);
      if (end === "confirmed") expect(accepted, said).toEqual([expect.stringContaining("approves")]);
      expect(accepted.filter((name) => name.endsWith("approves")).length, said).toBeLessThanOrEqual(1);
    }
  }
  for (const end of ["confirmed", "cancelled", "rejected"]) expect(ends.get(end), end).toBeGreaterThan(20);
});
