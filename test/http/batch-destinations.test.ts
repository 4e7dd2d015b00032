/** Where the lines of a batch go, as far as a node tells it in time. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { DestinationFacts } from "../../src/domain/chain-facts.ts";
import { addressOf, type Door, drain, openDoor, payout, USDT } from "../support/http.ts";

const BATCH = "/api/v1/tron/payouts/batch";
const [PLAIN, CONTRACT, FROZEN] = [addressOf(1), addressOf(50), addressOf(51)];

const line = (id: string, to: string, change: Record<string, unknown> = {}) => ({
  line_id: id,
  to,
  amount: "20",
  ...change,
});
const batch = (items: unknown[], change: Record<string, unknown> = {}) => ({ wallet: "wal_1", items, ...change });
const three = [line("plain", PLAIN), line("contract", CONTRACT), line("frozen", FROZEN)];

async function watchedDoor(options: Parameters<typeof openDoor>[0] = {}): Promise<Door> {
  const door = await openDoor(options);
  door.facts.set(CONTRACT, { isContract: true });
  door.blacklisted.add(FROZEN);
  return door;
}

const payouts = async (door: Door) => (await door.get("/api/v1/payouts")).json().items;

/** Each question of the door stays open until it is told what to answer. */
function holdQuestions(door: Door) {
  const open: { addresses: readonly string[]; signal: AbortSignal; tell: PromiseWithResolvers<DestinationFacts[]> }[] =
    [];
  door.ports.gateway.destinations = (addresses, _asset, signal) => {
    const tell = Promise.withResolvers<DestinationFacts[]>();
    if (signal === undefined) throw new Error("a question has an end");
    open.push({ addresses, signal, tell });
    return tell.promise;
  };
  return open;
}

const fine = (addresses: readonly string[]) => addresses.map(() => ({ isContract: false, isFrozen: false }));

describe("a line to a contract or to a frozen address", () => {
  test("is named, and all_or_nothing accepts none", async () => {
    const door = await watchedDoor();
    const response = await door.post(
      BATCH,
      batch([...three, line("usdt", USDT), line("wrong", CONTRACT, { amount: "0" })]),
    );
    expect(response.json()).toMatchObject({ status: 422, code: "batch_invalid" });
    expect(
      response.json().evidence.lines.map(({ line_id, index, code }: Record<string, unknown>) => [line_id, index, code]),
    ).toEqual([
      ["contract", 1, "destination_is_contract"],
      ["frozen", 2, "destination_blacklisted"],
      ["usdt", 3, "destination_is_contract"],
      ["wrong", 4, "invalid_amount"],
    ]);
    expect(await payouts(door)).toEqual([]);
  });

  test("is kept aside by best_effort, which pays the others", async () => {
    const door = await watchedDoor();
    const response = await door.post(BATCH, batch(three, { mode: "best_effort" }));
    expect(response.statusCode, response.body).toBe(202);
    expect(response.json()).toMatchObject({
      count: 1,
      total: "20",
      invalid: [
        { line_id: "contract", index: 1, code: "destination_is_contract" },
        { line_id: "frozen", index: 2, code: "destination_blacklisted" },
      ],
    });
    expect((await payouts(door)).map(({ to }: { to: string }) => to)).toEqual([PLAIN]);
  });

  test("is refused in a batch of TRX only if it is a contract", async () => {
    const door = await watchedDoor();
    const response = await door.post(BATCH, batch(three, { mode: "best_effort", asset: "TRX" }));
    expect(response.json()).toMatchObject({ count: 2, invalid: [{ line_id: "contract" }] });
  });

  test("is paid where destinations are not looked at, but for the token's own contract", async () => {
    const door = await watchedDoor();
    Object.assign(door.ports.network, { checkDestinations: false });
    const response = await door.post(BATCH, batch([...three, line("usdt", USDT)], { mode: "best_effort" }));
    expect(response.json()).toMatchObject({ count: 3, invalid: [{ line_id: "usdt" }] });
    expect(door.looks).toEqual([]);
  });
});

describe("the questions about a batch", () => {
  test("are about each address once, and not about lines that are wrong by themselves", async () => {
    const door = await openDoor();
    const items = [
      line("1", PLAIN),
      line("2", PLAIN),
      line("3", addressOf(2)),
      line("4", addressOf(3), { amount: "1" }),
    ];
    await door.post(BATCH, batch([...items, line("5", "nobody")], { mode: "best_effort" }));
    expect(door.looks).toEqual([[PLAIN, addressOf(2)]]);
  });

  test("are not asked again about what is known, by a batch or by a payout", async () => {
    const door = await watchedDoor();
    await door.post(BATCH, batch([line("1", addressOf(1)), line("2", addressOf(2))]));
    await door.post("/api/v1/payouts", payout({ to: addressOf(3) }));
    await door.post(BATCH, batch([1, 2, 3, 4].map((number) => line(`${number}`, addressOf(number)))));
    expect(door.looks).toEqual([[addressOf(1), addressOf(2)], [addressOf(4)]]);
    await door.clock.advance(700_000);
    await door.post(BATCH, batch([line("1", addressOf(1))]));
    expect(door.looks.at(-1)).toEqual([addressOf(1)]);
  });

  test("answer for a payout when they speak against its destination; else its own look, which sees more, is taken", async () => {
    const door = await watchedDoor();
    await door.post(BATCH, batch(three));
    const pay = async (to: string) => (await door.post("/api/v1/payouts", payout({ to }))).json().code;
    expect([await pay(CONTRACT), await pay(FROZEN)]).toEqual(["destination_is_contract", "destination_blacklisted"]);
    expect(door.calls.account).toBe(0);
    // Without code, so that only the type of the account tells.
    door.facts.set(PLAIN, { isContract: true });
    expect(await pay(PLAIN)).toBe("destination_is_contract");
    expect((await door.post(BATCH, batch([line("1", PLAIN)]))).json().code).toBe("batch_invalid");
    await pay(PLAIN);
    expect([door.calls.account, door.looks.length]).toEqual([1, 1]);
  });

  test("are at most four at a time, whatever the number of lines and batches", async () => {
    const door = await openDoor();
    let [running, most, asked] = [0, 0, 0];
    door.ports.gateway.destinations = async (addresses) => {
      [running, asked] = [running + 1, asked + addresses.length];
      most = Math.max(most, running);
      await drain();
      running -= 1;
      return fine(addresses);
    };
    const items = (from: number) =>
      Array.from({ length: 500 }, (_, i) => line(`${i}`, addressOf(from + i), { amount: "10" }));
    const answers = await Promise.all([1_000, 2_000, 3_000].map((from) => door.post(BATCH, batch(items(from)))));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202]);
    expect([most, asked]).toEqual([4, 1_500]);
  });

  test("are not asked by the repeat of a key, which is answered as then", async () => {
    const door = await openDoor();
    const first = await door.post(BATCH, batch(three), { key: "b" });
    door.blacklisted.add(PLAIN);
    await door.clock.advance(700_000);
    const again = await door.post(BATCH, batch(three), { key: "b" });
    expect([again.statusCode, again.body]).toEqual([202, first.body]);
    expect(door.looks).toHaveLength(1);
  });
});

describe("a node that does not tell", () => {
  afterEach(() => void vi.restoreAllMocks());

  test("by failing lets the lines through, and is left alone for a while", async () => {
    const door = await watchedDoor();
    const open = holdQuestions(door);
    const failing = door.post(BATCH, batch(three));
    await drain();
    open[0]?.tell.reject(new Error("no answer"));
    expect((await failing).statusCode).toBe(202);
    expect((await door.post(BATCH, batch(three))).statusCode).toBe(202);
    await door.post("/api/v1/payouts", payout({ to: CONTRACT }));
    expect([open.length, door.calls.account]).toEqual([1, 0]);
    await door.clock.advance(5_000);
    const next = door.post(BATCH, batch(three));
    await drain();
    open[1]?.tell.resolve([...fine([PLAIN, CONTRACT]), { isContract: false, isFrozen: true }]);
    expect((await next).json().code).toBe("batch_invalid");
  });

  test("by its silence is waited for until the time of the batch is over, and blocks nobody after it", async () => {
    const door = await openDoor();
    const end = new AbortController();
    vi.spyOn(AbortSignal, "timeout").mockReturnValue(end.signal);
    const open = holdQuestions(door);
    const many = Array.from({ length: 600 }, (_, i) => line(`${i}`, addressOf(1_000 + i), { amount: "10" }));
    const waiting = door.post(BATCH, batch(many));
    await drain();
    expect(open).toHaveLength(4);
    end.abort();
    expect((await waiting).statusCode).toBe(202);
    expect(open, "two questions were not asked any more").toHaveLength(4);

    vi.restoreAllMocks();
    await door.clock.advance(5_000);
    const next = door.post(BATCH, batch([line("1", PLAIN)]));
    await drain();
    expect(open).toHaveLength(5);
    open[4]?.tell.resolve([{ isContract: true, isFrozen: false }]);
    expect((await next).json().code).toBe("batch_invalid");
  });

  test("what the token says lets the line through and is asked again, but not whether it is a contract", async () => {
    const door = await openDoor();
    let asked = 0;
    door.ports.gateway.destinations = async (addresses) => {
      asked += 1;
      return addresses.map((address) => ({ isContract: address === CONTRACT, isFrozen: undefined }));
    };
    const answer = await door.post(BATCH, batch(three, { mode: "best_effort" }));
    expect(answer.json()).toMatchObject({ count: 2, invalid: [{ line_id: "contract" }] });
    await door.post(BATCH, batch([line("frozen", FROZEN)]));
    expect(asked).toBe(2);
    expect((await door.post(BATCH, batch([line("contract", CONTRACT)]))).json().code).toBe("batch_invalid");
    expect(asked).toBe(2);
  });
});

describe("while a batch waits for a node", () => {
  test("nobody waits for its external ids, and the one who was first has them", async () => {
    const door = await openDoor();
    const open = holdQuestions(door);
    const waiting = door.post(BATCH, batch([line("1", PLAIN, { external_id: "x" })]));
    await drain();
    const single = await door.post("/api/v1/payouts", payout({ to: addressOf(9), external_id: "x" }));
    expect(single.statusCode).toBe(202);
    open[0]?.tell.resolve(fine([PLAIN]));
    const problem = (await waiting).json();
    expect(problem.evidence.lines).toMatchObject([{ line_id: "1", code: "duplicate_external_id" }]);
  });

  test.each(["all_or_nothing", "best_effort"])(
    "the same request again, which is told something else, has the answer of the one that was accepted (%s)",
    async (mode) => {
      const door = await openDoor();
      const open = holdQuestions(door);
      const items = [line("1", PLAIN, { external_id: "x" }), line("2", addressOf(2))];
      const both = [1, 2].map(() => door.post(BATCH, batch(items, { mode }), { key: "b" }));
      await drain();
      expect(open).toHaveLength(2);
      open[0]?.tell.resolve(fine([PLAIN, addressOf(2)]));
      await both[0];
      open[1]?.tell.resolve(fine([PLAIN]).concat({ isContract: true, isFrozen: false }));
      const [first, second] = await Promise.all(both);
      expect([first?.statusCode, second?.statusCode]).toEqual([202, 202]);
      expect(second?.body).toBe(first?.body);
      expect(await payouts(door)).toHaveLength(2);
    },
  );

  test("another request with its key is told that the key is taken", async () => {
    const door = await openDoor();
    const open = holdQuestions(door);
    const first = door.post(BATCH, batch([line("1", PLAIN)]), { key: "b" });
    const other = door.post(BATCH, batch([line("1", CONTRACT)]), { key: "b" });
    await drain();
    open[0]?.tell.resolve(fine([PLAIN]));
    expect((await first).statusCode).toBe(202);
    open[1]?.tell.resolve([{ isContract: true, isFrozen: false }]);
    expect((await other).json()).toMatchObject({ status: 422, code: "idempotency_mismatch" });
  });
});
