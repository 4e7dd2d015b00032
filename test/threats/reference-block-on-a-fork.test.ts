/** Threat E48: the block that the bytes refer to was on a branch that died. No node takes them, and that proves nothing. */
import { expect, test } from "vitest";
import { openWallet, pay, startRig, tagOf } from "../support/engine.ts";
import { drain } from "../support/manual-clock.ts";

test("TAPOS_ERROR of every node is no acceptance and no end: new bytes only after the proof of expiry, with another reference", async () => {
  const rig = await startRig();
  const { world, clock, engine } = rig;
  world.onBroadcast = async () => ({
    class: "refused",
    code: "TAPOS_ERROR",
    message: "Tapos check error",
    node: "all",
  });
  await openWallet(rig);
  await pay(rig, "po_1");
  await drain();
  const [first] = world.signatures;
  // Pushed again and again, by the engine's clock far beyond the expiration: only the chain's time counts.
  for (let push = 0; push < 10; push += 1) await clock.advance(61_000);
  expect(world.broadcasts.length).toBeGreaterThan(5);
  expect(new Set(world.broadcasts).size).toBe(1);
  expect(world.signatures).toHaveLength(1);
  expect(tagOf(rig, "payout", "po_1")).toBe("broadcast");

  const [watch] = world.watches.values();
  if (watch === undefined) throw new Error("nobody watches");
  const proof = { ...(world.expired(watch)["proof"] as object), solidTimestamp: watch.expiration - 1 };
  void engine.deliver([{ actor: watch.actor, message: { type: "chain.expired", proof } }]);
  await drain();
  await clock.advance(61_000);
  expect(world.signatures).toHaveLength(1);

  world.onBroadcast = async () => ({ class: "accepted", code: "SUCCESS", message: "", node: "all" });
  void engine.deliver([{ actor: watch.actor, message: world.expired(watch) }]);
  await drain();
  await clock.advance(61_000);
  const [, second] = world.signatures;
  expect(second?.reference.number).toBeGreaterThan(first?.reference.number ?? 0);
  const [next] = world.watches.values();
  void engine.deliver([{ actor: next?.actor ?? watch.actor, message: world.solidified() }]);
  await drain();
  expect(tagOf(rig, "payout", "po_1")).toBe("confirmed");
  expect(world.signatures).toHaveLength(2);
});
