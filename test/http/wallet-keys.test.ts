import { expect, test } from "vitest";
import { refuse } from "../../src/domain/errors.ts";
import type { Keystore } from "../../src/security/keystore.ts";
import { openDoor, type Door } from "../support/http.ts";
import { openTestKeystore, temporaryFolder, vectors } from "../security/support.ts";

const WALLETS = "/api/v1/tron/wallets";
const { privateKey, address } = vectors.pkA;
const order = { name: "old", private_key: privateKey };
const unkeyed = { key: null };

/** `afterKey` runs when a key is on the disk and its wallet is not made yet. */
type Shop = { door: Door; keystore: Keystore; afterKey: { run: (key: { address: string }) => void } };

async function openShop(): Promise<Shop> {
  const keystore = await openTestKeystore(temporaryFolder());
  const afterKey: Shop["afterKey"] = { run: () => {} };
  const then = <T extends { address: string }>(key: T): T => {
    afterKey.run(key);
    return key;
  };
  const keys = {
    createHdWallet: async (id: string) => then(await keystore.createHdWallet(id)),
    importKey: async (id: string, key: string) => then(await keystore.importKey(id, key)),
  };
  return { door: await openDoor({ ports: { keys } }), keystore, afterKey };
}

/** The key is written, and then the engine is too busy for its wallet. */
async function refusedImport({ door, afterKey }: Shop, key: string | null, body: unknown = order) {
  afterKey.run = () => void door.refusals.push(refuse("engine_busy", "busy"));
  const refused = await door.post(`${WALLETS}/import`, body, { key });
  expect(refused.json()).toMatchObject({ status: 503, code: "engine_busy" });
  afterKey.run = () => {};
}

test.each([
  ["", { name: "w" }],
  ["/import", order],
  ["/batch/create", { count: 2 }],
])("POST /wallets%s makes no key while the engine accepts nothing", async (path, body) => {
  const { door, keystore } = await openShop();
  door.engine.readOnly = true;
  for (const key of [null, "k"]) {
    const refused = await door.post(`${WALLETS}${path}`, body, { key });
    expect(refused.json()).toMatchObject({ code: "read_only", retryable: true });
  }
  expect(keystore.size()).toBe(0);
  door.engine.readOnly = false;
  expect((await door.post(`${WALLETS}${path}`, body, unkeyed)).statusCode).toBe(201);
});

test("an import that was refused after its key was written is repeated without its id", async () => {
  const shop = await openShop();
  const { door, keystore } = shop;
  await refusedImport(shop, null);
  const repeat = await door.post(`${WALLETS}/import`, order, unkeyed);
  expect(repeat.statusCode, repeat.body).toBe(201);
  expect(repeat.json()).toMatchObject({ id: keystore.walletOf(address), address, kind: "imported" });
  expect((await door.get(String(repeat.headers.location))).json().address).toBe(address);
  const again = await door.post(`${WALLETS}/import`, order, unkeyed);
  expect(again.json()).toMatchObject({ status: 409, code: "conflict" });
  expect(again.json().detail).toContain(repeat.json().id);
  expect(keystore.size()).toBe(1);
});

test("an import that was refused is repeated under another Idempotency-Key, and each key keeps its answer", async () => {
  const shop = await openShop();
  const { door, keystore } = shop;
  await refusedImport(shop, "first");
  const made = await door.post(`${WALLETS}/import`, order, { key: "second" });
  expect(made.statusCode, made.body).toBe(201);
  const replay = await door.post(`${WALLETS}/import`, order, { key: "second" });
  expect([replay.statusCode, replay.body, replay.headers.location]).toEqual([201, made.body, made.headers.location]);
  expect((await door.post(`${WALLETS}/import`, order, { key: "first" })).json().id).toBe(made.json().id);
  const other = { ...order, private_key: vectors.pkB.privateKey };
  expect((await door.post(`${WALLETS}/import`, other, { key: "second" })).json().code).toBe("idempotency_mismatch");
  expect((await door.post(`${WALLETS}/import`, order, { key: "third" })).json().code).toBe("conflict");
  expect(keystore.size()).toBe(1);
});

test("a key whose wallet another request made with other terms answers for its own terms only", async () => {
  const shop = await openShop();
  const { door } = shop;
  const limited = { ...order, limits: { approval_above: "100" } };
  await refusedImport(shop, "first", limited);
  const free = { ...order, limits: { approval_above: null } };
  const made = await door.post(`${WALLETS}/import`, free, { key: "second" });
  expect(made.statusCode, made.body).toBe(201);
  const others = [
    limited,
    { ...free, private_key: vectors.pkB.privateKey },
    { ...free, private_key: "0".repeat(64) },
    { ...free, name: "other" },
    { ...free, labels: { team: "b" } },
    { ...free, hot: false },
    { ...free, limits: { minimum: "5", maximum: "1" } },
  ];
  for (const other of others) {
    const refused = await door.post(`${WALLETS}/import`, other, { key: "first" });
    expect(refused.json(), JSON.stringify(other)).toMatchObject({ status: 409, code: "conflict" });
    expect(refused.json().detail).toContain(made.json().id);
  }
  expect((await door.post(`${WALLETS}/import`, free, { key: "first" })).json().id).toBe(made.json().id);
});

test.each([
  ["", { name: "w-1" }],
  ["/batch/create", { count: 1, prefix: "w" }],
])(
  "POST /wallets%s answers with a wallet that is there without an answer only if it has its terms",
  async (path, body) => {
    const { door, keystore, afterKey } = await openShop();
    const { limits } = door.ports.payments;
    const isMany = path !== "";
    for (const [key, name, status] of [
      ["same", "w-1", 201],
      ["other", "x", 409],
    ] as const) {
      let made = "";
      afterKey.run = ({ address: at }) => {
        made = at;
        door.refusals.push(refuse("engine_busy", "busy"));
      };
      expect((await door.post(`${WALLETS}${path}`, body, { key })).statusCode).toBe(503);
      const id = keystore.walletOf(made) ?? "";
      const create = { address: made, name, kind: "hd", labels: {}, limits, hot: !isMany };
      await door.engine.request({
        to: { kind: "wallet", id },
        create,
        respond: () => ({ keep: { status: 201, body: null } }),
      });
      const repeat = await door.post(`${WALLETS}${path}`, body, { key });
      expect(repeat.statusCode, repeat.body).toBe(status);
      expect(repeat.body).toContain(id);
    }
  },
);

test.each([
  [null, null],
  ["a", null],
  ["a", "b"],
])("of two imports of one key at the same time (%s, %s) one makes the wallet", async (...keys) => {
  const { door } = await openShop();
  const answers = await Promise.all(keys.map((key) => door.post(`${WALLETS}/import`, order, { key })));
  expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 409]);
  expect((await door.get(`${WALLETS}?kind=imported`)).json().items).toHaveLength(1);
});
