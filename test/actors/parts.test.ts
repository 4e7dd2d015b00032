import { Patience } from "../../src/actors/patience.ts";
/** Edges of the kernel's parts that a whole engine reaches only by a rare accident. */
import { describe, expect, test } from "vitest";
import { PoisonError, runCascade, type CascadePorts } from "../../src/actors/cascade.ts";
import { Cells } from "../../src/actors/cells.ts";
import { Dispatcher } from "../../src/actors/dispatcher.ts";
import type { Envelope } from "../../src/actors/envelope.ts";
import { GroupCommit } from "../../src/actors/group-commit.ts";
import { Loop } from "../../src/actors/loop.ts";
import { begin } from "../../src/actors/step.ts";
import { Timers } from "../../src/actors/timers.ts";
import { GROUP_MESSAGES_MAX } from "../../src/domain/limits.ts";
import type { ActorAddress, OutboxEntry } from "../../src/domain/records.ts";
import type { Store, TimerRow, Write } from "../../src/ports/store.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import { memoryStore } from "../support/engine.ts";
import { interpose } from "../support/interposed-store.ts";
import { STAMP } from "../support/kernel.ts";
import { drain, ManualClock } from "../support/manual-clock.ts";
import { toy, toyEntry } from "../support/toys.ts";

const catalog = { toy: toyEntry() };
const unused = () => {
  throw new Error("not used here");
};

function parts(store: Store = memoryStore()): CascadePorts {
  const cells = new Cells({ sizeMax: 10 }, { catalog, store });
  return { catalog, cells, isQuarantined: () => false, nextInboxSequence: () => 1 };
}
const toyRecord = (id: string) => begin(catalog.toy, { actor: toy(id), input: {} }, STAMP).record;
const request = (to: ActorAddress, change: Partial<Envelope> = {}): Envelope => ({
  origin: "request",
  to,
  message: { type: "toy.add", name: "x" },
  settle: () => {},
  respond: () => ({ keep: { status: 200, body: null } }),
  ...change,
});

describe("a cascade", () => {
  test("that is to be answered for nobody is poison", () => {
    expect(() => runCascade(request(toy("nobody")), STAMP, parts())).toThrow(PoisonError);
  });

  test("blames the actor that cannot be loaded, also when it was to be born", () => {
    const store = memoryStore();
    const record = store.record.bind(store);
    store.record = (actor) => (actor.id === "torn" ? unused() : record(actor));
    const ports = parts(store);
    ports.cells.replace(toy("t1"), toyRecord("t1"));
    const message = { type: "toy.tell", tells: [{ to: toy("torn"), create: {} }] } as unknown as Envelope["message"];
    const run = () => runCascade(request(toy("t1"), { message }), STAMP, ports);
    expect(run).toThrow("toy!torn cannot digest load");
  });
});

describe("cells", () => {
  test("forget nothing that is not on disk yet", async () => {
    const store = memoryStore();
    const cells = new Cells({ sizeMax: 2 }, { catalog, store });
    for (let i = 0; i < 200; i += 1) cells.replace(toy(`t${i}`), toyRecord(`t${i}`));
    cells.drop(new Set(["toy"]));
    cells.dropOne(toy("t0"));
    expect(cells.size).toBe(200);
    expect(cells.get(toy("t0"))?.id).toBe("t0");
    for (let i = 0; i < 200; i += 1) cells.unpin(toy(`t${i}`));
    cells.drop(new Set(["other"]));
    expect(cells.size).toBe(200);
    cells.drop(new Set(["toy"]));
    cells.unpin(toy("t0"));
    expect([cells.size, cells.get(toy("t0"))]).toEqual([0, undefined]);
  });

  test("keep a state until its last commit, and one that has ended not longer", () => {
    const cells = new Cells({ sizeMax: 10 }, { catalog, store: memoryStore() });
    const record = toyRecord("t1");
    cells.replace(toy("t1"), record);
    cells.replace(toy("t1"), { ...record, status: "done" });
    cells.unpin(toy("t1"));
    expect(cells.size).toBe(1);
    cells.unpin(toy("t1"));
    expect(cells.size).toBe(0);
  });

  test("give what was not used lately away first", async () => {
    const store = memoryStore();
    for (const id of ["a", "b", "c", "d"]) await store.commit([{ put: "record", record: toyRecord(id) }]);
    const cells = new Cells({ sizeMax: 2 }, { catalog, store });
    for (const id of ["a", "b", "c", "d", "d", "a"]) expect(cells.get(toy(id))?.id).toBe(id);
    expect(cells.size).toBeLessThanOrEqual(3);
  });

  test("hold little more than they may when every one of them was used", async () => {
    const store = memoryStore();
    const ids = Array.from({ length: 500 }, (_, i) => `t${i}`);
    for (const id of ids) await store.commit([{ put: "record", record: toyRecord(id) }]);
    const cells = new Cells({ sizeMax: 160 }, { catalog, store });
    for (const id of [...ids, ...ids]) cells.get(toy(id));
    expect(cells.size).toBeGreaterThanOrEqual(160);
    expect(cells.size).toBeLessThanOrEqual(171);
  });

  test("look once for an actor that is not there, and again when its birth was taken back", () => {
    const store = memoryStore();
    const lookedFor: string[] = [];
    store.record = ({ id }) => void lookedFor.push(id);
    const cells = new Cells({ sizeMax: 10 }, { catalog, store });
    for (let i = 0; i < 3; i += 1) expect(cells.get(toy("t1"))).toBe(undefined);
    expect(lookedFor).toEqual(["t1"]);
    cells.replace(toy("t1"), toyRecord("t1"));
    expect(cells.get(toy("t1"))?.id).toBe("t1");
    cells.takeBack(toy("t1"));
    expect(cells.get(toy("t1"))).toBe(undefined);
    expect(lookedFor).toEqual(["t1", "t1"]);
    for (let i = 0; i < 5_000; i += 1) cells.get(toy(`other${i}`));
    cells.get(toy("t1"));
    expect(lookedFor.at(-1)).toBe("t1");
  });

  test("do not know every kind", async () => {
    const store = memoryStore();
    await store.commit([{ put: "record", record: { ...toyRecord("x"), kind: "ghost" } }]);
    expect(() => new Cells({ sizeMax: 1 }, { catalog, store }).get({ kind: "ghost", id: "x" })).toThrow(
      "no machine for kind ghost",
    );
  });
});

describe("a group commit", () => {
  test.each([
    ["at once", (work: () => void) => work()],
    ["a breath later", (work: () => void) => void Promise.resolve().then(work)],
    ["two breaths later", (work: () => void) => void Promise.resolve().then(() => Promise.resolve().then(work))],
  ])("writes what the last one to be told brings %s", async (_, when) => {
    const group = new GroupCommit({ lastFeedSequence: 0 }, { store: memoryStore(), onFatal: unused });
    const more = Promise.withResolvers<void>();
    group.add([{ put: "meta", name: "a", value: 1 }], () =>
      when(() => {
        group.add([{ put: "meta", name: "b", value: 2 }], more.resolve);
        void group.flush();
      }),
    );
    void group.flush();
    await more.promise;
    expect(group.counts).toEqual({ commits: 2, writes: 2, members: 2 });
  });

  test("settles what was open when asked, in order, and again when nothing is", async () => {
    const group = new GroupCommit({ lastFeedSequence: 0 }, { store: memoryStore(), onFatal: unused });
    const order: string[] = [];
    group.add([{ put: "meta", name: "a", value: 1 }], () => order.push("a"));
    expect(group.size).toBe(1);
    const settled = group.settled().then(() => order.push("settled"));
    await settled;
    await group.settled();
    expect(order).toEqual(["a", "settled"]);
    expect(group.counts).toMatchObject({ commits: 1, writes: 1 });
  });

  test("that is broken keeps nobody waiting and writes nothing more", async () => {
    const fatal: unknown[] = [];
    const store = memoryStore();
    let commits = 0;
    interpose(store, async () => {
      commits += 1;
      await drain(2);
      throw new Error("broken");
    });
    const group = new GroupCommit({ lastFeedSequence: 0 }, { store, onFatal: (error) => fatal.push(error) });
    group.add([{ put: "meta", name: "a", value: 1 }], unused);
    void group.flush();
    await group.settled();
    group.add([{ put: "meta", name: "b", value: 1 }], unused);
    await group.flush();
    await group.settled();
    expect([commits, fatal.length]).toEqual([1, 1]);
  });
});

test("a store that fails while it encodes breaks the group, once everything before is on disk", async () => {
  const fatal: unknown[] = [];
  const store = memoryStore();
  const open = store.batch.bind(store);
  let land = () => {};
  interpose(store, (_writes, inner) => new Promise<void>((resolve) => (land = resolve)).then(inner));
  const group = new GroupCommit({ lastFeedSequence: 0 }, { store, onFatal: (error) => fatal.push(error) });
  const told: string[] = [];
  group.add([{ put: "meta", name: "a", value: 1 }], () => told.push("a"));
  void group.flush();
  const closed = () => {
    throw new Error("the database is closed");
  };
  store.batch = () => ({ ...open(), add: closed });
  group.add([{ put: "meta", name: "b", value: 1 }], () => told.push("b"));
  void group.flush();
  expect([told, fatal]).toEqual([[], []]);
  land();
  await group.settled();
  expect([told, fatal.map(String), store.meta("b")]).toEqual([["a"], ["Error: the database is closed"], undefined]);
});

test("the next batch is on its way before those of the last one are told", async () => {
  const store = memoryStore();
  const order: string[] = [];
  interpose(store, (writes, land) => {
    order.push(`write ${writes.length}`);
    return land();
  });
  const group = new GroupCommit({ lastFeedSequence: 0 }, { store, onFatal: unused });
  group.add([{ put: "meta", name: "a", value: 1 }], () => order.push("a"));
  void group.flush();
  group.add([{ put: "meta", name: "b", value: 1 }], () => order.push("b"));
  await group.flush();
  group.add(
    [
      { put: "meta", name: "c", value: 1 },
      { put: "meta", name: "d", value: 1 },
    ],
    () => order.push("c"),
  );
  await group.settled();
  expect(order).toEqual(["write 1", "write 3", "a", "b", "c"]);
});

test("a loop that is closed in the middle of a turn stops there, and takes nothing more", async () => {
  const store = memoryStore();
  const ports = parts(store);
  for (const id of ["t1", "t2"]) ports.cells.replace(toy(id), toyRecord(id));
  const committed: string[] = [];
  const loop: Loop = new Loop({
    ...ports,
    held: { takes: () => false },
    mailboxDepthMax: 10,
    group: new GroupCommit({ lastFeedSequence: 0 }, { store, onFatal: unused }),
    clock: new ManualClock(),
    blockTime: () => 1,
    dispatcher: unused,
    timers: unused,
    onPoison: () => loop.close(),
    onUndeliverable: unused,
    onCommitted: (result) => committed.push(...result.moved.map(({ actor }) => actor.id)),
  });
  loop.post(request(toy("t1"), { message: { type: "toy.poison" } }));
  loop.post(request(toy("t2")));
  await drain();
  loop.post(request(toy("t2")));
  await drain();
  expect([committed, loop.messagesWaiting]).toEqual([[], 0]);
});

test("a loop whose group is full waits for the disk without turning, and goes on when there is room", async () => {
  const store = memoryStore();
  const ports = parts(store);
  const ids = Array.from({ length: 3 * GROUP_MESSAGES_MAX }, (_, i) => `t${i}`);
  for (const id of ids) ports.cells.replace(toy(id), toyRecord(id));
  const releases: (() => void)[] = [];
  interpose(store, () => new Promise((resolve) => releases.push(resolve)));
  let turns = 0;
  let committed = 0;
  const loop = new Loop({
    ...ports,
    held: { takes: () => false },
    mailboxDepthMax: 10,
    group: new GroupCommit({ lastFeedSequence: 0 }, { store, onFatal: unused }),
    clock: Object.assign(new ManualClock(), {
      soon: (task: () => void) => {
        turns += 1;
        setImmediate(task);
      },
    }),
    blockTime: () => 1,
    dispatcher: unused,
    timers: unused,
    onPoison: unused,
    onUndeliverable: unused,
    onCommitted: () => (committed += 1),
  });
  for (const id of ids) loop.post(request(toy(id)));
  await drain(50);
  const turnsBefore = turns;
  await drain(50);
  expect([turns - turnsBefore, releases.length, loop.messagesWaiting]).toEqual([0, 1, GROUP_MESSAGES_MAX]);
  while (committed < ids.length) {
    releases.shift()?.();
    await drain();
  }
  expect(loop.messagesWaiting).toBe(0);
});

test("a loop with much to do encodes while it steps, not all of it at the end of its turn", async () => {
  const store = memoryStore();
  const ports = parts(store);
  const ids = Array.from({ length: GROUP_MESSAGES_MAX }, (_, i) => `t${i}`);
  for (const id of ids) ports.cells.replace(toy(id), toyRecord(id));
  const encoded: number[] = [];
  const open = store.batch.bind(store);
  store.batch = () => {
    const batch = open();
    const add = (writes: readonly Write[]) => {
      encoded.push(writes.filter((write) => "put" in write && write.put === "record").length);
      batch.add(writes);
    };
    return { ...batch, add };
  };
  const loop = new Loop({
    ...ports,
    held: { takes: () => false },
    mailboxDepthMax: 10,
    group: new GroupCommit({ lastFeedSequence: 0 }, { store, onFatal: unused }),
    clock: new ManualClock(),
    blockTime: () => 1,
    dispatcher: unused,
    timers: unused,
    onPoison: unused,
    onUndeliverable: unused,
    onCommitted: () => {},
  });
  for (const id of ids) loop.post(request(toy(id)));
  await drain();
  expect(encoded).toEqual([32, 32, 32, 32]);
});

describe("timers", () => {
  function setup(fire: (row: TimerRow) => Promise<void>) {
    const store = memoryStore();
    const clock = new ManualClock();
    const timers = new Timers({ store, clock, logger: silentLogger, fire });
    const arm = async (id: string, inMs: number) => {
      const due = clock.now() + inMs;
      await store.commit([{ put: "timer", due, actor: toy(id), timerId: "t" }]);
      timers.arm(due);
    };
    const remove = (row: TimerRow) => store.commit([{ delete: "timer", ...row }]);
    return { store, clock, timers, arm, remove };
  }

  test("that fall due while others are being fired are fired after them", async () => {
    const fired: string[] = [];
    let release = () => {};
    const { clock, timers, arm, remove } = setup(async (row) => {
      fired.push(row.actor.id);
      if (row.actor.id === "slow") await new Promise<void>((resolve) => (release = resolve));
      await remove(row);
    });
    await timers.start();
    await arm("slow", 10);
    await clock.advance(10);
    await arm("next", 10);
    await clock.advance(10);
    expect(fired).toEqual(["slow"]);
    release();
    await drain();
    await clock.advance(0);
    expect(fired).toEqual(["slow", "next"]);
  });

  test("stop in the middle of a page and arm nothing more", async () => {
    const { clock, timers, arm, remove } = setup(async (row) => {
      timers.stop();
      await remove(row);
    });
    await timers.start();
    await arm("t1", 10);
    await arm("t2", 5_000);
    await clock.advance(10_000);
    timers.arm(clock.now());
    await clock.advance(1);
    expect(await timers.start()).toBeUndefined();
  });

  test("that stopped before their moment do not fire", async () => {
    let fired = 0;
    const { clock, timers, arm } = setup(async () => void (fired += 1));
    await timers.start();
    await arm("t1", 10);
    timers.stop();
    await clock.advance(100);
    expect(fired).toBe(0);
  });

  test("far away are looked at again every hour", async () => {
    const fired: string[] = [];
    const { clock, timers, arm, remove } = setup(async (row) => {
      fired.push(row.actor.id);
      await remove(row);
    });
    await timers.start();
    await arm("far", 3 * 3_600_000);
    await clock.advance(3 * 3_600_000 - 1);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual(["far"]);
  });
});

describe("a dispatcher", () => {
  const row = (id: string, key = "2.work"): OutboxEntry => ({
    key,
    actor: toy(id),
    invokeId: "work",
    source: "work",
    input: {},
  });

  function setup(
    store: Store,
    onFinished?: (source: string, outcome: string) => void,
    waits?: (actor: ActorAddress) => boolean,
  ) {
    const clock = new ManualClock();
    const ends: (() => void)[] = [];
    const runs: string[] = [];
    const answers: string[] = [];
    const work = {
      concurrency: 1,
      ...(waits === undefined ? {} : { waits }),
      perform: (_: unknown, { actor }: { actor: ActorAddress }) => {
        runs.push(actor.id);
        return new Promise((resolve) => ends.push(() => resolve("done")));
      },
    };
    const dispatcher = new Dispatcher({
      table: { work },
      store,
      logger: silentLogger,
      patience: new Patience({ clock, logger: silentLogger, onFatal: unused }),
      clock,
      mayRun: () => true,
      inputOf: ({ actor }) => ({ of: actor.id }),
      onUnreadable: unused,
      onAnswer: (entry) => answers.push(entry.actor.id),
      onFinished,
      onFatal: unused,
    });
    const finish = async () => {
      ends.shift()?.();
      await drain();
    };
    return { dispatcher, finish, runs, answers, clock };
  }

  test("looks at many that wait seldom, also when another one comes to wait, and at least once a minute", async () => {
    const store = memoryStore();
    const many = Array.from({ length: 3_000 }, (_, at) => row(`w${at}`));
    await store.commit(many.map((entry) => ({ put: "outbox" as const, entry })));
    let pages = 0;
    const outbox = store.outbox.bind(store);
    store.outbox = (wanted) => {
      pages += 1;
      return outbox(wanted);
    };
    const { dispatcher, runs, clock } = setup(store, undefined, () => true);
    await dispatcher.recover(["work"]);
    await drain(40);
    const once = pages;
    expect(once).toBeGreaterThan(3_000 / 257);
    dispatcher.start(row("later"));
    await clock.advance(14_900);
    expect(pages).toBe(once);
    await clock.advance(200);
    await drain(40);
    dispatcher.start(row("later"));
    expect(pages).toBe(2 * once);
    await clock.advance(5_100);
    expect([pages, runs]).toEqual([2 * once, []]);
  });

  test("asked to look at the disk while it looks, looks once more", async () => {
    const store = memoryStore();
    const outbox = store.outbox.bind(store);
    let looks = 0;
    store.outbox = async (wanted) => {
      looks += 1;
      await drain(2);
      return outbox(wanted);
    };
    const { dispatcher } = setup(store);
    await dispatcher.recover(["work", "nothing"]);
    dispatcher.rescan(["work", "ghost"]);
    await drain();
    expect(looks).toBe(2);
  });

  test("runs an effect that was stopped in the queue and came back once, not twice", async () => {
    const store = memoryStore();
    const { dispatcher, finish, runs, answers } = setup(store);
    await dispatcher.recover([]);
    dispatcher.start(row("first"));
    dispatcher.start(row("first"));
    dispatcher.start(row("second"));
    dispatcher.abort("work", toy("second"), "2.work");
    dispatcher.start(row("second"));
    await finish();
    await finish();
    await finish();
    expect([runs, answers]).toEqual([
      ["first", "second"],
      ["first", "second"],
    ]);
  });

  test("says how each run ended, and runs nothing once closed", async () => {
    const outcomes: string[] = [];
    const { dispatcher, finish, runs } = setup(memoryStore(), (source, outcome) =>
      outcomes.push(`${source} ${outcome}`),
    );
    dispatcher.start(row("early"));
    await dispatcher.recover([]);
    dispatcher.start(row("a"));
    dispatcher.start(row("b"));
    dispatcher.halt(new Set(["other"]));
    dispatcher.abort("ghost", toy("a"), "2.work");
    dispatcher.close();
    await finish();
    expect([runs, outcomes]).toEqual([["a"], ["work aborted"]]);
  });
});
