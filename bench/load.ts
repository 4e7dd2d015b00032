/** The client of the intake bench: POSTs payouts with a fresh Idempotency-Key each, and reports to its parent. */
import autocannon from "autocannon";
import { nanoid } from "nanoid";

const [, , url = "", connections = "64", seconds = "5"] = process.argv;
const body = JSON.stringify({
  to: "THHsfg2eNiv6MSXC4y5d4t5wkvRVADRKiF",
  amount: "12.5",
  asset: "USDT",
  wallet: "wal_bench",
});
const result = await autocannon({
  url: `${url}/api/v1/tron/payouts`,
  method: "POST",
  connections: Number(connections),
  duration: Number(seconds),
  body,
  requests: [
    {
      setupRequest: (request: { headers?: Record<string, string> }) => ({
        ...request,
        headers: { "content-type": "application/json", authorization: "Bearer bench", "idempotency-key": nanoid() },
      }),
    },
  ],
});
process.send?.({
  accepted: result["2xx"],
  perSecond: result["2xx"] / result.duration,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
  failed: result.non2xx + result.errors,
});
