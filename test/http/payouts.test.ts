import { test, expect } from "vitest";
import { openDoor, payout } from "../support/http.ts";
test("smoke", async () => {
  const t0 = performance.now();
  const door = await openDoor();
  console.log("open", performance.now() - t0);
  const a = await door.post("/api/v1/tron/payouts", payout(), { key: "k" });
  expect(a.statusCode).toBe(202);
  const doc = await door.get("/openapi.json");
  console.log(doc.statusCode, doc.body.length, doc.body.slice(0, 3000));
  const d = await door.get("/docs");
  console.log(d.statusCode, d.body.length);
  for (const u of [
    "/status",
    "/stats",
    "/metrics",
    "/config",
    "/tron-client/stats",
    "/api/v1/network/info",
    "/api/v1/tron/network/status",
    "/api/v1/inspector/machines",
    "/api/v1/inspector/actors",
    "/api/v1/payouts/" + a.json().id + "/events",
    "/api/v1/inspector/actors/payout/" + a.json().id,
    "/api/v1/wallets/wal_1/balance",
    "/api/v1/wallets/wal_1/history?skip=0",
  ]) {
    const r = await door.get(u);
    console.log(u, r.statusCode, r.body.slice(0, 600));
  }
});
