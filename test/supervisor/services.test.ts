import { describe, expect, test } from "vitest";
import { drain } from "../support/manual-clock.ts";
import { ask, create, seenBy, toyRig, type Work } from "../support/toys.ts";

/** Counts runs and aborts of each kind of work; the first run of each never ends. */
function counted(): { work: Work; runs: () => number; aborts: () => number } {
  let runs = 0;
  let aborts = 0;
  const work: Work = (_, { signal }) => {
    runs += 1;
    signal.addEventListener("abort", () => (aborts += 1));
    return runs === 1 ? new Promise(() => {}) : Promise.resolve("worked");
  };
  return { work, runs: () => runs, aborts: () => aborts };
}

function component() {
  const calls: string[] = [];
  let blocked: Promise<void> = Promise.resolve();
  return {
    calls,
    block: (until: Promise<void>): void => {
      blocked = until;
    },
    start: async () => void calls.push("start"),
    stop: async () => {
      calls.push("stop");
      await blocked;
    },
  };
}

describe("a restart of one service", () => {
  test("aborts its effects and runs them again from disk; the others do not notice", async () => {
    const here = counted();
    const there = counted();
    const router = component();
    const staking = component();
    const rig = await toyRig({
      work: here.work,
      elsewhere: there.work,
      components: { "payout-router": router, "trx-staking": staking },
    });
    await create(rig, "t1");
    await create(rig, "t2");
    await ask(rig, "t1", { type: "toy.work" });
    await ask(rig, "t2", { type: "toy.workElsewhere" });
    expect(await rig.engine.restart("payout-router", "me")).toBeUndefined();
    await drain();
    expect([here.runs(), here.aborts(), there.runs(), there.aborts()]).toEqual([2, 1, 1, 0]);
    expect(seenBy(rig, "t1")).toEqual(["worked"]);
    expect([router.calls, staking.calls]).toEqual([["start", "stop", "start"], ["start"]]);
    expect(rig.engine.status().services["payout-router"]).toMatchObject({ state: "running", restarts: 1 });
    expect(rig.engine.status().services["trx-staking"]).toMatchObject({ restarts: 0 });
    await rig.engine.drain();
    expect(staking.calls).toEqual(["start", "stop"]);
  });

  test("forgets its actors, not their state", async () => {
    const rig = await toyRig();
    await create(rig, "t1", { seen: ["x"] });
    expect(rig.engine.status().actorsInMemory).toBe(1);
    await rig.engine.restart("payout-router", "me");
    expect(rig.engine.status().actorsInMemory).toBe(0);
    await ask(rig, "t1", { type: "toy.add", name: "y" });
    await rig.engine.restart("trx-staking", "me");
    expect([rig.engine.status().actorsInMemory, seenBy(rig, "t1")]).toEqual([1, ["x", "y"]]);
  });

  test("that is under way refuses another, and effects committed meanwhile run when it is over", async () => {
    let release = () => {};
    const router = component();
    const rig = await toyRig({ components: { "payout-router": router } });
    await create(rig, "t1");
    router.block(new Promise((resolve) => (release = resolve)));
    const first = rig.engine.restart("payout-router", "me");
    expect(await rig.engine.restart("payout-router", "me")).toMatchObject({ code: "restart_in_progress" });
    expect(rig.engine.status().services["payout-router"].state).toBe("restarting");
    await ask(rig, "t1", { type: "toy.work" });
    await drain();
    expect(seenBy(rig, "t1")).toEqual([]);
    release();
    expect(await first).toBeUndefined();
    await drain();
    expect(seenBy(rig, "t1")).toEqual(["worked"]);
  });

  test("refuses another until its component is back: it is stopped and started in turns", async () => {
    const router = component();
    let release = () => {};
    const starting = new Promise<void>((resolve) => (release = resolve));
    const rig = await toyRig({ components: { "payout-router": router } });
    const { start } = router;
    router.start = async () => {
      await start();
      await starting;
    };
    const first = rig.engine.restart("payout-router", "me");
    await drain();
    expect(router.calls).toEqual(["start", "stop", "start"]);
    const answers: unknown[] = [];
    void rig.engine.restart("payout-router", "me").then((answer) => answers.push(answer));
    await drain();
    expect(answers).toMatchObject([{ code: "restart_in_progress" }]);
    release();
    expect(await first).toBeUndefined();
    expect(await rig.engine.restart("payout-router", "me")).toBeUndefined();
    expect(router.calls).toEqual(["start", "stop", "start", "stop", "start"]);
  });

  test("that is under way when the engine ends leaves its component stopped", async () => {
    const router = component();
    let release = () => {};
    const rig = await toyRig({ components: { "payout-router": router } });
    router.block(new Promise((resolve) => (release = resolve)));
    const restart = rig.engine.restart("payout-router", "me");
    const drained = rig.engine.drain();
    release();
    await drained;
    expect(await restart).toMatchObject({ code: "not_ready" });
    expect(router.calls.at(-1)).toBe("stop");
    expect(router.calls.filter((call) => call === "start")).toHaveLength(1);
  });

  test("whose component fails to stop does not stand still", async () => {
    const rig = await toyRig({
      components: { "payout-router": { start: async () => {}, stop: () => Promise.reject(new Error("stuck")) } },
    });
    await create(rig, "t1");
    await expect(rig.engine.restart("payout-router", "me")).rejects.toThrow("stuck");
    await ask(rig, "t1", { type: "toy.work" });
    await drain();
    expect(seenBy(rig, "t1")).toEqual(["worked"]);
  });

  test("under load ends although requests never stop coming", async () => {
    const rig = await toyRig();
    await create(rig, "t1");
    let isLoaded = true;
    const load = (): void => {
      if (isLoaded) void ask(rig, "t1", { type: "toy.shout" }).then(load);
    };
    for (let i = 0; i < 20; i += 1) load();
    await drain(3);
    expect(await rig.engine.restart("payout-router", "me")).toBeUndefined();
    isLoaded = false;
    await drain();
  });
});

test("every service has a status, also one that never did anything", async () => {
  const rig = await toyRig();
  expect(Object.keys(rig.engine.status().services)).toEqual([
    "tron-client",
    "wallet-manager",
    "usdt-manager",
    "payout-router",
    "trx-staking",
    "payment-gateway",
  ]);
  expect(rig.engine.status()).toMatchObject({ phase: "running", readOnly: false, poisoned: 0, messagesWaiting: 0 });
});
