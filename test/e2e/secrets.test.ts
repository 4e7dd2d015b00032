/** A key is imported and used, everything that can be read is read, and the key is nowhere. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import { expect, test } from "vitest";
import { ENCRYPTION_KEY, recipient, withRig, type Rig } from "./support/rig.ts";

const CANARY = "c0ffee5eed15ab1ec4a11a5ca9a4715ec4e7b0b5dead0c0de5afe5e1f1e55b0b";
const ROOT = "/api/v1/tron";

test("an imported key and the encryption key appear in no log, answer, error or file of a whole run", async () => {
  const log: string[] = [];
  await withRig({ log, keeps: true, environment: { LOG_LEVEL: "trace", METRICS_ENABLED: "true" } }, async (rig) => {
    const imported = await rig.client.insist<{ id: string; address: string }>("POST", `${ROOT}/wallets/import`, {
      body: { name: "canary", private_key: CANARY, hot: true },
      key: "import",
    });
    expect(imported.status).toBe(201);
    rig.wallet = imported.body;
    await rig.fund(imported.body.address);
    rig.run();
    const id = await rig.pay("23.5", "canary");
    await rig.untilStatus(id, "confirmed");
    await askWrongly(rig);
    await readEverything(rig, id);
    rig.pause();
    await rig.stop();
    const outputs = { log: log.join(""), answers: rig.client.heard.join("\n"), ...(await filesOf(rig.dataDir)) };
    // The search finds what is there.
    expect(outputs.answers).toContain(imported.body.address);
    expect(outputs.log.length).toBeGreaterThan(0);
    expect(namesOfHits(outputs, [imported.body.address])).toEqual(expect.arrayContaining(["answers", "store"]));
    expect(namesOfHits(outputs, shapesOf(CANARY))).toEqual([]);
    expect(namesOfHits(outputs, [ENCRYPTION_KEY, Buffer.from(ENCRYPTION_KEY).toString("hex")])).toEqual([]);
  });
}, 60_000);

/** Every kind of mistake that carries the key in a place where an answer could repeat it. */
async function askWrongly(rig: Rig): Promise<void> {
  const wrong: { path: string; body?: unknown; token?: string }[] = [
    { path: "/wallets/import", body: { name: "again", private_key: CANARY } },
    { path: "/wallets/import", body: { name: "long", private_key: `${CANARY}00` } },
    { path: "/wallets/import", body: { name: "field", private_key: CANARY, extra: 1 } },
    { path: "/wallets/import", body: { name: 5, private_key: CANARY.toUpperCase() } },
    { path: "/wallets/import", body: { name: "prefixed", private_key: `0x${CANARY}` } },
  ];
  for (const { path, body } of wrong) {
    const { status } = await rig.client.ask("POST", `${ROOT}${path}`, {
      body,
      key: `wrong ${JSON.stringify(body)}`.slice(0, 40),
    });
    expect([201, 400, 409, 422]).toContain(status);
  }
}

async function readEverything(rig: Rig, payoutId: string): Promise<void> {
  const { attempts } = await rig.client.payout(payoutId);
  const actors = [
    `wallet/${rig.wallet.id}`,
    `payout/${payoutId}`,
    ...attempts.map((attempt) => `transaction/${attempt.transaction_id}`),
  ].map((actor) => `${ROOT}/inspector/actors/${actor}`);
  const paths = [
    "/config",
    "/metrics",
    "/status",
    "/stats",
    "/health",
    "/openapi.json",
    `${ROOT}/network/info`,
    `${ROOT}/inspector/machines`,
    `${ROOT}/inspector/actors`,
    `${ROOT}/wallets`,
    `${ROOT}/wallets/${rig.wallet.id}`,
    `${ROOT}/wallets/${rig.wallet.id}/history`,
    `${ROOT}/payouts/${payoutId}`,
    `${ROOT}/payouts/${payoutId}/events`,
    `${ROOT}/usdt/balance/${recipient(1)}`,
    ...actors,
  ];
  for (const path of paths) expect((await rig.client.ask("GET", path)).status, path).toBe(200);
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
