import { connect, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { STREAM_HEARTBEAT_MS, STREAM_REPLAY_MAX, STREAM_UNSENT_BYTES_MAX, STREAMS_MAX } from "../../src/http/bounds.ts";
import { drain, openDoor, payout, solidify, watchOf, type Door } from "../support/http.ts";

const INSPECTOR = "/api/v1/tron/inspector";
const open: Door[] = [];
afterEach(async () => {
  for (const door of open.splice(0)) await door.app.close();
});

describe("machines", () => {
  test("every state says what it is and what it waits for, and every transition why", async () => {
    const door = await openDoor();
    const { items } = (await door.get(`${INSPECTOR}/machines`)).json();
    expect(items.map(({ kind }: { kind: string }) => kind).toSorted()).toEqual([
      "payout",
      "payoutBatch",
      "relay",
      "transaction",
      "wallet",
    ]);
    for (const machine of items) {
      expect(machine.initial).not.toBe("");
      for (const state of machine.states) {
        expect(state.description, `${machine.kind} ${state.state}`).not.toBe("");
        expect(state.waiting_for, `${machine.kind} ${state.state}`).not.toBe("");
        for (const transition of state.transitions)
          expect(transition.reason, `${machine.kind} ${state.state} ${transition.event}`).not.toBe("");
      }
    }
    const wire = items
      .find(({ kind }: { kind: string }) => kind === "transaction")
      .states.find(({ state }: { state: string }) => state === "onWire.broadcasting");
    expect(wire).toMatchObject({ status: "broadcast", effects: [{ id: "broadcast", source: "broadcastTransaction" }] });
  });
});

describe("actors", () => {
  test("are listed by kind and status", async () => {
    const door = await openDoor();
    const { id } = (await door.post("/api/v1/payouts", payout())).json();
    await solidify(door, id);
    const waiting = (await door.post("/api/v1/payouts", payout({ amount: "5000" }))).json();
    const list = async (query: string) =>
      (await door.get(`${INSPECTOR}/actors?${query}`)).json().items.map((actor: { id: string }) => actor.id);
    const transaction = `tx_${id}_1`;
    expect(new Set(await list("kind=payout"))).toEqual(new Set([id, waiting.id]));
    expect(await list("status=awaiting_approval")).toEqual([waiting.id]);
    expect(await list("kind=wallet&limit=1")).toEqual(["wal_1"]);
    expect(await list("kind=transaction")).toEqual([transaction]);
    expect(await list("kind=transaction&status=confirmed")).toEqual([transaction]);
    expect(await list("kind=transaction&status=pending")).toEqual([]);
    expect(await list("")).toEqual(expect.arrayContaining([transaction, id, waiting.id, "wal_1"]));
    expect((await door.get(`${INSPECTOR}/actors?kind=toString`)).json()).toMatchObject({ code: "validation_failed" });
  });

  test.each(["asc", "desc"])("of all kinds come once each, page after page, in order %s", async (order) => {
    const door = await openDoor();
    for (let i = 0; i < 3; i += 1) await door.post("/api/v1/payouts", payout());
    const walk = async (limit: number): Promise<string[]> => {
      const names: string[] = [];
      for (let cursor = ""; ;) {
        const at = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
        const page = (await door.get(`${INSPECTOR}/actors?limit=${limit}&order=${order}${at}`)).json();
        expect(page.items.length).toBeLessThanOrEqual(limit);
        names.push(...page.items.map(({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`));
        if (page.next_cursor === null) return names;
        cursor = page.next_cursor;
      }
    };
    const all = await walk(100);
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((name) => /^(payout|transaction) /.test(name))).toHaveLength(6);
    for (const limit of [1, 2, 3, 7]) expect(await walk(limit)).toEqual(all);
    for (const cursor of ["nobody.", "payout.x", "x"])
      expect((await door.get(`${INSPECTOR}/actors?cursor=${cursor}`)).json()).toMatchObject({ code: "invalid_cursor" });
  });

  test("one actor shows state, timers, effects and a journal with reasons, and its bytes only as length and hash", async () => {
    const door = await openDoor();
    const { id } = (await door.post("/api/v1/payouts", payout())).json();
    const { actor } = await watchOf(door, id);
    await drain();
    const response = await door.get(`${INSPECTOR}/actors/transaction/${actor.id}`);
    const view = response.json();
    expect(view).toMatchObject({
      kind: "transaction",
      state: "onWire.pending",
      status: "broadcast",
      done: false,
      quarantined: false,
      quarantine: null,
      parked: [],
    });
    expect(view.effects).toMatchObject([{ id: "watch" }]);
    const timers = Object.entries(door.engine.record(actor)?.timers ?? {});
    expect(timers).toHaveLength(1);
    expect(view.timers).toEqual(
      timers.map(([id, { due, event }]) => ({ id, due: new Date(due).toISOString(), event: event.type })),
    );
    expect(view.context.signedHex).toEqual({
      bytes: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(view.journal.map(({ reason }: { reason: string }) => reason)).toEqual([
      "the actor began",
      "the bytes are built, compared with the order, signed and recorded; the bytes may be sent",
      "a node accepted the bytes",
    ]);
    expect(response.body).not.toContain(door.world.broadcasts[0] ?? "none");
    const rest = (await door.get(`${INSPECTOR}/actors/transaction/${actor.id}?after_revision=2`)).json();
    expect(rest.journal).toHaveLength(1);
    expect(rest.next_revision).toBeNull();
    expect((await door.get(`${INSPECTOR}/actors/${actor.id}`)).json()).toEqual(view);
  });

  test("a revision that no journal can have is refused, and the last that one could have is an empty page", async () => {
    const door = await openDoor();
    const { id } = (await door.post("/api/v1/payouts", payout())).json();
    const after = async (revision: string) =>
      (await door.get(`${INSPECTOR}/actors/${id}?after_revision=${revision}`)).json();
    expect(await after("9999999999")).toMatchObject({ status: 400, code: "validation_failed" });
    expect(await after("34794028212")).toMatchObject({ status: 400, code: "validation_failed" });
    expect((await after("9999999998")).journal).toEqual([]);
  });

  test.each(["po_none", "payout/po_none", "constructor/x", "__proto__/x", "nobody/x"])(
    "%s is not found",
    async (path) => {
      const door = await openDoor();
      expect((await door.get(`${INSPECTOR}/actors/${path}`)).json()).toMatchObject({ status: 404, code: "not_found" });
      expect((await door.call("POST", `${INSPECTOR}/actors/${path}/release`)).statusCode).toBeGreaterThanOrEqual(404);
    },
  );

  const fragile = { restartsMax: 0, windowMs: 600_000, firstDelayMs: 1, delayMaxMs: 1 };

  test("a poisoned actor is shown with its dead letter, and goes on when its cause is gone and it is released", async () => {
    const door = await openDoor({ intensity: fragile });
    const { onBroadcast } = door.world;
    // The machine throws on an answer without a class.
    door.world.onBroadcast = async () => null as never;
    const { id } = (await door.post("/api/v1/payouts", payout())).json();
    const { actor } = await watchOf(door, id);
    const url = `${INSPECTOR}/actors/transaction/${actor.id}`;
    await drain(40);
    const view = (await door.get(url)).json();
    expect(view).toMatchObject({ quarantined: true, quarantine: { failures: 1 } });
    expect(view.quarantine.reason).not.toBe("");
    expect(view.dead_letters[0]).toMatchObject({ event: { type: "xstate.done.actor.broadcast" } });
    const retry = await door.post(`/api/v1/transactions/${view.context.txId}/retry`, {});
    expect(retry.json()).toMatchObject({ status: 423, code: "quarantined" });
    door.world.onBroadcast = onBroadcast;
    const released = await door.call("POST", `${url}/release`);
    expect(released.json()).toEqual({ kind: "transaction", id: actor.id, released: true });
    await drain(40);
    expect((await door.get(url)).json()).toMatchObject({ quarantined: false, state: "onWire.pending" });
    expect((await door.call("POST", `${url}/release`)).json()).toMatchObject({ status: 409, code: "state_conflict" });
  });

  test("an actor that still cannot digest what it missed stays quarantined, and shows what is parked", async () => {
    const door = await openDoor({ intensity: fragile });
    const { id } = (await door.post("/api/v1/payouts", payout())).json();
    const { actor } = await watchOf(door, id);
    await drain();
    // The machine throws on a proof without its fields.
    void door.engine.deliver([{ actor, message: { type: "chain.expired" } }]);
    await drain(40);
    const url = `${INSPECTOR}/actors/transaction/${actor.id}`;
    expect((await door.get(url)).json().parked).toMatchObject([{ type: "chain.expired" }]);
    expect((await door.call("POST", `${url}/release`)).json()).toMatchObject({ status: 423, code: "quarantined" });
  });
});

describe("the live stream", () => {
  async function listen(): Promise<{ door: Door; port: number }> {
    const door = await openDoor();
    open.push(door);
    await door.app.listen({ host: "127.0.0.1", port: 0 });
    return { door, port: (door.app.server.address() as AddressInfo).port };
  }

  type Reader = {
    until(done: (text: string) => boolean): Promise<string>;
    closed: Promise<void>;
    pause(): void;
    end(): void;
  };

  async function stream(port: number, query = "", headers: Record<string, string> = {}): Promise<Reader> {
    const socket = connect(port, "127.0.0.1");
    const fields = { host: "x", authorization: "Bearer admin", ...headers };
    socket.write(
      `GET ${INSPECTOR}/stream${query} HTTP/1.1\r\n${Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}\r\n`,
    );
    let text = "";
    let wake = () => {};
    socket.on("data", (chunk) => {
      text += String(chunk);
      wake();
    });
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.on("error", () => {});
    const until = async (done: (text: string) => boolean) => {
      while (!done(text)) await new Promise<void>((resolve) => (wake = resolve));
      return text;
    };
    await until((seen) => seen.includes("\r\n\r\n"));
    return { until, closed, pause: () => socket.pause(), end: () => socket.destroy() };
  }

  test("sends each committed step in order, with what the filter lets through", async () => {
    const { door, port } = await listen();
    const all = await stream(port);
    const payouts = await stream(port, "?kind=payout");
    expect(await all.until((text) => text.includes(": connected"))).toMatch(/^HTTP\/1.1 200.*text\/event-stream/s);
    const { id } = (await door.post("/api/v1/payouts", payout())).json();
    await solidify(door, id);
    const text = await payouts.until((seen) => seen.includes('"tag":"confirmed"'));
    const steps = [...text.matchAll(/data: (.*)/g)].map(([, data]) => JSON.parse(data ?? ""));
    expect(steps.map(({ tag }) => tag)).toEqual(["pending", "pending", "broadcast", "confirmed"]);
    expect(steps.every(({ actor }) => actor.kind === "payout" && actor.id === id)).toBe(true);
    expect(await all.until((seen) => seen.includes('"tag":"confirmed"'))).toContain('"kind":"wallet"');
    for (const reader of [all, payouts]) reader.end();
  });

  test("a client that comes back gets exactly what it missed; an unknown place is a reset", async () => {
    const { door, port } = await listen();
    const first = await stream(port, "?kind=payout");
    await door.post("/api/v1/payouts", payout());
    const seen = await first.until((text) => text.includes("wallet.reserved"));
    const ids = [...seen.matchAll(/^id: (\S+)/gm)].map(([, id]) => id ?? "");
    first.end();
    const again = await stream(port, "?kind=payout", { "last-event-id": ids[0] ?? "" });
    const missed = await again.until((text) => text.includes("wallet.reserved"));
    expect([...missed.matchAll(/^id: (\S+)/gm)].map(([, id]) => id)).toEqual(expect.arrayContaining(ids.slice(1)));
    for (const place of ["other-1", `${ids[0]?.split("-")[0]}-999999`, "nonsense"]) {
      const lost = await stream(port, "", { "last-event-id": place });
      expect(await lost.until((text) => text.includes("event:"))).toContain("event: reset");
      lost.end();
    }
    again.end();
  });

  test("an idle stream is kept alive, and ends with the server", async () => {
    const { door, port } = await listen();
    const reader = await stream(port);
    await door.clock.advance(STREAM_HEARTBEAT_MS * 2 + 1);
    await reader.until((text) => text.split(": alive").length === 3);
    expect((await door.get("/stats")).json().live_streams).toBe(1);
    await door.app.close();
    await reader.closed;
    open.splice(0);
  });

  test("a revoked token gets no further step, and an idle stream of it ends at the heartbeat", async () => {
    const { door, port } = await listen();
    const [busy, idle] = [await stream(port), await stream(port, "?id=nobody", { authorization: "Bearer admin@2" })];
    const other = await stream(port, "", { authorization: "Bearer admin@3" });
    for (const id of ["admin", "admin@2"]) door.revoked.add(id);
    await door.post("/api/v1/payouts", payout(), { token: "admin@3" });
    await busy.closed;
    expect(await busy.until(() => true)).not.toContain("event: step");
    await other.until((text) => text.includes("wallet.reserved"));
    expect((await door.get("/stats")).json().live_streams).toBe(2);
    await door.clock.advance(STREAM_HEARTBEAT_MS + 1);
    await idle.closed;
    expect((await door.get("/stats")).json().live_streams).toBe(1);
    other.end();
  });

  test("a client that does not read is dropped, and nobody waits for it", async () => {
    const { door, port } = await listen();
    const slow = await stream(port);
    slow.pause();
    const step = {
      actor: { kind: "payout", id: "po_1" },
      revision: 1,
      at: 0,
      event: "x".repeat(200_000),
      from: "a",
      to: "b",
      tag: "pending",
    };
    const engine = door.engine as unknown as { listeners: Set<(step: unknown) => void> };
    for (let i = 0; i < 200 && (await door.get("/stats")).json().live_streams > 0; i += 1) {
      for (const listener of engine.listeners) listener(step);
      await drain(2);
    }
    expect((await door.get("/stats")).json().live_streams).toBe(0);
  });

  test("old steps are forgotten, so that a place too far back is a reset", async () => {
    const { door, port } = await listen();
    const engine = door.engine as unknown as { listeners: Set<(step: unknown) => void> };
    const step = {
      actor: { kind: "payout", id: "po_1" },
      revision: 1,
      at: 0,
      event: "e",
      from: "a",
      to: "b",
      tag: "pending",
    };
    const first = await stream(port);
    for (let i = 0; i < STREAM_REPLAY_MAX * 2 + 1; i += 1) for (const listener of engine.listeners) listener(step);
    const seen = await first.until((text) => /^id: /m.test(text));
    const place = /^id: (\S+)/m.exec(seen)?.[1] ?? "";
    const late = await stream(port, "", { "last-event-id": place });
    expect(await late.until((text) => text.includes("event:"))).toContain("event: reset");
    late.end();
    first.end();
  });

  test("a client that missed more than it may have unsent is told to read again, and stays", async () => {
    const { door, port } = await listen();
    const engine = door.engine as unknown as { listeners: Set<(step: unknown) => void> };
    const publish = (event: string) => {
      const step = { actor: { kind: "payout", id: "po_1" }, revision: 1, at: 0, event, from: "a", to: "b", tag: "t" };
      for (const listener of engine.listeners) listener(step);
    };
    const first = await stream(port);
    const long = "x".repeat(STREAM_UNSENT_BYTES_MAX / 1_000);
    for (let i = 0; i < 1_500; i += 1) publish(long);
    const place = /^id: (\S+)/m.exec(await first.until((text) => /^id: /m.test(text)))?.[1] ?? "";
    const late = await stream(port, "", { "last-event-id": place });
    const reset = await late.until((text) => text.includes("event: reset"));
    expect(reset).not.toContain("event: step");
    publish("later");
    expect(await late.until((text) => text.includes("later"))).toContain("event: step");
    const again = await stream(port, "", { "last-event-id": /^id: (\S+)/m.exec(reset)?.[1] ?? "" });
    expect(await again.until((text) => text.includes("later"))).not.toContain("event: reset");
    for (const reader of [first, late, again]) reader.end();
  });

  test("one stream too many is refused, and a wrong token gets none", async () => {
    const { port } = await listen();
    const readers = await Promise.all(Array.from({ length: STREAMS_MAX }, () => stream(port)));
    const refused = await stream(port);
    expect(await refused.until((text) => text.includes("request_id"))).toMatch(/^HTTP\/1.1 429.*rate_limited/s);
    const denied = await stream(port, "", { authorization: "Bearer wrong" });
    expect(await denied.until((text) => text.includes("request_id"))).toContain("401");
    for (const reader of [...readers, refused, denied]) reader.end();
  });

  test("a token in the address is no token", async () => {
    const { port } = await listen();
    const denied = await stream(port, "?token=admin", { authorization: "" });
    expect(await denied.until((text) => text.includes("request_id"))).toContain("401");
    denied.end();
  });
});
