import { test, expect } from "vitest";
import { openDoor, payout } from "../support/http.ts";
test("smoke", async () => {
  const t0 = performance.now();
  const door = await openDoor();
  console.log("open", performance.now() - t0);
  const a = await door.post("/api/v1/tron/payouts", payout(), { key: "k" });
  console.log(a.statusCode, a.headers, a.body);
  const b = await door.post("/api/v1/payouts", payout(), { key: "k" });
  console.log(b.statusCode, b.headers["idempotency-replayed"], b.body === a.body);
  console.log((await door.post("/api/v1/payouts", payout({amount: 12.5, foo: 1}), { key: "k2" })).body);
  console.log((await door.post("/api/v1/payouts", payout({amount: 12.5}), { key: "k2" })).body);
  console.log((await door.get("/health")).body, (await door.get("/api/v1/wallets")).body);
  console.log((await door.get("/nope")).body, (await door.call("PATCH","/api/v1/payouts")).body, (await door.get("/api/v1/payouts?limit=2")).body.length);
  expect(a.statusCode).toBe(202);
});
