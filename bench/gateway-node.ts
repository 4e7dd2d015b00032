/** A node in a process of its own: answers at once, or after the time that the way to a node takes. */
import { createServer } from "node:http";
import { sealedBlock } from "../test/support/wire-block.ts";

const delayMs = Number(process.argv[2] ?? 0);
const block = JSON.stringify(sealedBlock({ number: 100, parentHash: "e5".repeat(32), timestamp: 1_777_447_479_000 }));
const prices = [
  "getEnergyFee",
  "getTransactionFee",
  "getMaxFeeLimit",
  "getCreateAccountFee",
  "getCreateNewAccountFeeInSystemContract",
  "getMemoFee",
  "getUnfreezeDelayDays",
];
const answers: Record<string, string> = {
  "/walletsolidity/getnowblock": block,
  "/wallet/getblockbynum": block,
  "/wallet/getaccount": JSON.stringify({ address: "41".padEnd(42, "a"), balance: 7 }),
  "/wallet/getaccountresource": "{}",
  "/wallet/triggerconstantcontract": JSON.stringify({
    result: { result: true },
    energy_used: 600,
    constant_result: ["0".repeat(64)],
  }),
  "/wallet/getchainparameters": JSON.stringify({ chainParameter: prices.map((key) => ({ key, value: 100 })) }),
};

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    const answer = (): void => {
      const number = body.includes('"num":') ? Number(/"num":([0-9]+)/.exec(body)?.[1]) : 100;
      const text = number === 100 ? (answers[request.url ?? ""] ?? "{}") : blockOf(number);
      response.writeHead(200, { "content-type": "application/json" }).end(text);
    };
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs);
  });
});
server.listen(0, "127.0.0.1", () => process.send?.(server.address()));

const blocks = new Map<number, string>();
function blockOf(number: number): string {
  const made =
    blocks.get(number) ??
    JSON.stringify(sealedBlock({ number, parentHash: "e5".repeat(32), timestamp: 1_777_447_479_000 + number }));
  blocks.set(number, made);
  return made;
}
