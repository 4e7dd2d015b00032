/** Keys are made, imported and used, every endpoint is asked rightly and wrongly, and no secret is anywhere. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import { expect, test } from "vitest";
import { derivePrivateKey } from "../../src/security/key-derivation.ts";
import { parseHeader, parseSeed, seedContext } from "../../src/security/key-records.ts";
import { stretch, unseal } from "../../src/security/envelope.ts";
import { Secret } from "../../src/security/secret.ts";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { everyEndpoint, type Asked, type Document } from "./support/every-endpoint.ts";
import { ENCRYPTION_KEY, recipient, withRig, type Rig } from "./support/rig.ts";

const CANARY = "c0ffee5eed15ab1ec4a11a5ca9a4715ec4e7b0b5dead0c0de5afe5e1f1e55b0b";
const ROOT = "/api/v1/tron";
/** Answers that a well-formed request may get in the state that the run has left. */
const REFUSALS = [409, 422, 423];

test("no key, phrase, passphrase or token is in any log, answer, error, event or file of a whole run", async () => {
  const log: string[] = [];
  await withRig({ log, keeps: true, environment: { LOG_LEVEL: "trace", METRICS_ENABLED: "true" } }, async (rig) => {
    const stream = await rig.client.follow(`${ROOT}/inspector/stream`);
    const [imported, derived] = await payFromBoth(rig);
    const asked = await askEverything(rig, derived.payoutId);
    await askWrongly(rig, asked);
    rig.pause();
    await stream.close();
    await rig.stop();

    const files = await filesOf(rig.dataDir);
    const outputs = { log: log.join(""), answers: rig.client.heard.join("\n"), ...files };
    // The search finds what is there: the addresses of both wallets, also in the stream and on disk.
    expect(rig.client.heard.some((text) => text.startsWith("id: ") && text.includes("transaction.signed"))).toBe(true);
    for (const { address } of [imported, derived])
      expect(namesOfHits(outputs, [address])).toEqual(expect.arrayContaining(["answers", "store"]));
    expect(log.length).toBeGreaterThan(0);

    const { phrase, keys } = await secretsOfSeed(rig.dataDir);
    expect(keys.map(({ address }) => address)).toContain(derived.address);
    for (const { key } of keys) expect(namesOfHits(outputs, shapesOf(key))).toEqual([]);
    expect(namesOfHits(outputs, shapesOf(CANARY))).toEqual([]);
    expect(
      namesOfHits(outputs, [phrase, phrase.split(" ").slice(0, 4).join(" "), phrase.replaceAll(" ", ",")]),
    ).toEqual([]);
    expect(namesOfHits(outputs, [ENCRYPTION_KEY, Buffer.from(ENCRYPTION_KEY).toString("hex")])).toEqual([]);
    const token = files[join(rig.dataDir, "first-token")]?.trim() ?? "";
    const secret = token.split("_").slice(2).join("_");
    expect(secret).toHaveLength(43);
    // It is in the one file that is made to be read.
    expect(namesOfHits(outputs, [secret])).toEqual([join(rig.dataDir, "first-token")]);
  });
});

type Payer = { readonly id: string; readonly address: string; readonly payoutId: string };

/** A wallet with an imported key and one of the engine's own phrase, each with a payout on the solidified chain. */
async function payFromBoth(rig: Rig): Promise<[Payer, Payer]> {
  const imported = await rig.client.insist<{ id: string; address: string }>("POST", `${ROOT}/wallets/import`, {
    body: { name: "canary", private_key: CANARY, hot: true },
    key: "import",
  });
  expect(imported.status).toBe(201);
  const derived = await rig.client.createWallet({ name: "derived", hot: true });
  const payers: Payer[] = [];
  for (const { id, address } of [imported.body, derived]) {
    rig.wallet = { id, address };
    await rig.fund(address);
    const payoutId = await rig.pay("23.5", `from ${id}`);
    rig.run();
    await rig.untilStatus(payoutId, "confirmed");
    rig.pause();
    payers.push({ id, address, payoutId });
  }
  const [first, second] = payers;
  if (first === undefined || second === undefined) throw new Error("two wallets pay");
  return [first, second];
}

/** Every documented endpoint, with a request that it understands. What it answers is kept by the client. */
async function askEverything(rig: Rig, payoutId: string): Promise<Asked[]> {
  const { body: document } = await rig.client.insist<Document>("GET", "/openapi.json");
  const { txid } = await rig.client.payout(payoutId);
  const batch = await rig.client.insist<{ id: string }>("POST", `${ROOT}/payouts/batch`, {
    body: { wallet: rig.wallet.id, items: [{ line_id: "1", to: recipient(2), amount: "11" }] },
    key: "batch",
  });
  const spare = await rig.client.createWallet({ name: "spare" });
  const words = {
    payout_id: payoutId,
    batch_id: batch.body.id,
    wallet_id: rig.wallet.id,
    wallet: rig.wallet.id,
    from_wallet: rig.wallet.id,
    address: rig.wallet.address,
    from: rig.wallet.address,
    to: recipient(3),
    amount: "12.5",
    txid,
    block_number: "1",
    status: "confirmed",
    service_name: "wallet-manager",
    kind: "payout",
    id: payoutId,
    payout_hash: "A".repeat(43),
    comment: "looked at",
    reason: "a test",
    line_id: "1",
    raw_hex: "0a00",
    name: "renamed",
    private_key: CANARY,
    count: 1,
    confirm: spare.id,
  };
  const asked = everyEndpoint(document, { reading: words, writing: { ...words, wallet_id: spare.id } });
  for (const { name, method, path, takesKey, body, isStream } of asked) {
    if (isStream) continue;
    const given = { ...(takesKey ? { key: name } : {}), ...(body === undefined ? {} : { body }) };
    const { status, body: answer } = await rig.client.ask(method, path, given);
    // The chain of this test stands still while it is looked at, and health says so.
    const isFine =
      status < 300 || (method === "GET" ? path.startsWith("/health") && status === 503 : REFUSALS.includes(status));
    expect(isFine, `${name} ${status} ${JSON.stringify(answer)}`).toBe(true);
  }
  return asked;
}

/** Every endpoint once more: without a token, with a wrong one, and with the key where it does not belong. */
async function askWrongly(rig: Rig, asked: readonly Asked[]): Promise<void> {
  for (const { name, method, path, takesKey, isPublic, body } of asked) {
    const key = takesKey ? { key: `wrong ${name}` } : {};
    if (!isPublic) {
      expect((await rig.client.ask(method, path, { ...key, token: null })).status, name).toBe(401);
      expect((await rig.client.ask(method, path, { ...key, token: CANARY })).status, name).toBe(401);
    }
    if (body === undefined) continue;
    const misplaced = [
      { body: { ...body, private_key: `${CANARY}00` } },
      { body: Object.fromEntries([...Object.keys(body), "phrase"].map((field) => [field, { key: CANARY }])) },
      { body: [CANARY] },
      { text: `{"private_key": "${CANARY}"` },
      { text: CANARY },
    ];
    for (const wrong of misplaced) {
      const { status } = await rig.client.ask(method, path, { ...key, ...wrong });
      expect(status, `${name} ${JSON.stringify(wrong)}`).toBe(400);
    }
  }
}

/** What the seed file hides, opened with the passphrase as the engine opens it. */
async function secretsOfSeed(dataDir: string): Promise<{ phrase: string; keys: { address: string; key: string }[] }> {
  const read = (name: string) => readFile(join(dataDir, "keys", name), "utf8");
  const header = parseHeader(await read("keystore.json"));
  const { seal, ...rest } = parseSeed(await read("hd-seed.json"));
  const kek = await stretch(Secret.fromText(ENCRYPTION_KEY), header.kdf);
  const opened = unseal(seal, { kek, context: seedContext(rest) });
  const phrase = opened?.use((bytes) => new TextDecoder().decode(bytes)) ?? "";
  expect(phrase.split(" ").length).toBeGreaterThanOrEqual(12);
  const keys = await Promise.all(
    Array.from({ length: rest.nextIndex }, async (_, index) => {
      const key = await derivePrivateKey(phrase, index);
      return { address: privateKeyToAddress(key), key: Buffer.from(key).toString("hex") };
    }),
  );
  return { phrase, keys };
}

/** Every file as bytes, and the store once more as the text it holds, because its files are compressed. */
async function filesOf(dataDir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path] = await readFile(path, "latin1");
  }
  expect(Object.keys(found).length).toBeGreaterThan(5);
  const level = new Level(join(dataDir, "store"));
  const rows: string[] = [];
  for await (const row of level.iterator()) rows.push(row.join(" "));
  await level.close();
  return { ...found, store: rows.join("\n") };
}

function shapesOf(hex: string): string[] {
  const bytes = Buffer.from(hex, "hex");
  return [
    hex,
    hex.toUpperCase(),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    bytes.toString("latin1"),
  ];
}

function namesOfHits(outputs: Record<string, string>, needles: readonly string[]): string[] {
  return Object.entries(outputs).flatMap(([name, text]) =>
    needles.some((needle) => text.includes(needle)) ? [name] : [],
  );
}
