/** The node of the follower's bench, in a process of its own: a chain of full blocks that are made while they are sent. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toHex41 } from "../src/tron/address.ts";
import { encodeRawTransaction } from "../src/tron/transaction.ts";
import { encodeTransferCall, TOPICS } from "../src/tron/trc20.ts";
import { fromHex41 } from "../src/tron/address.ts";
import { sealedBlock, wireTransaction, type WireTransactionJson } from "../test/support/wire-block.ts";

const TRANSFERS = 300;
const VARIANTS = 4;
const HEADS = 8_000;
const GENESIS_TIME = 1_777_440_000_000;
const USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const addressOf = (text: string) => `41${hashOf(text).slice(0, 40)}`;

/** Two of three transfers are USDT, as on the network. */
function transferOf(variant: number, index: number): WireTransactionJson {
  const [owner, to] = [addressOf(`from ${variant} ${index}`), addressOf(`to ${variant} ${index}`)];
  const isCoin = index % 3 === 0;
  const call = { contract_address: toHex41(USDT), call_value: 0n, call_token_value: 0n, token_id: 0n };
  const rawHex = encodeRawTransaction({
    refBlockBytes: "0102",
    refBlockHash: "0102030405060708",
    expiration: BigInt(GENESIS_TIME + 60_000),
    timestamp: BigInt(GENESIS_TIME + index),
    feeLimit: isCoin ? 0n : 30_000_000n,
    data: "",
    contracts: [
      isCoin
        ? { type: "TransferContract", permissionId: 0, value: { owner_address: owner, to_address: to, amount: 5n } }
        : {
            type: "TriggerSmartContract",
            permissionId: 0,
            value: { owner_address: owner, ...call, data: encodeTransferCall(fromHex41(to), 5_000_000n) },
          },
    ],
  });
  const raw_data = {
    contract: [
      {
        parameter: {
          value: { owner_address: owner, to_address: to, data: "00".repeat(68) },
          type_url: "type.googleapis.com/protocol.TriggerSmartContract",
        },
        type: "TriggerSmartContract",
      },
    ],
    ref_block_bytes: "0102",
    ref_block_hash: "0102030405060708",
    expiration: GENESIS_TIME + 60_000,
    fee_limit: 30_000_000,
    timestamp: GENESIS_TIME + index,
  };
  return { ...wireTransaction(rawHex), raw_data };
}

const variants = Array.from({ length: VARIANTS }, (_, variant) =>
  Array.from({ length: TRANSFERS }, (__, index) => transferOf(variant, index)),
);
const bodies = variants.map((transactions) => JSON.stringify(transactions));
const infos = variants.map((transactions, variant) =>
  transactions.map(({ txID }, index) => ({
    id: txID,
    fee: 6_428_500,
    contractResult: [index % 3 === 0 ? "" : "00".repeat(31) + "01"],
    receipt: {
      energy_usage: 64_285,
      energy_usage_total: 64_285,
      net_usage: 345,
      ...(index % 3 === 0 ? {} : { result: "SUCCESS" }),
    },
    ...(index % 3 === 0
      ? {}
      : {
          contract_address: toHex41(USDT),
          log: [
            {
              address: toHex41(USDT).slice(2),
              topics: [
                TOPICS["Transfer(address,address,uint256)"],
                addressOf(`from ${variant} ${index}`).slice(2).padStart(64, "0"),
                addressOf(`to ${variant} ${index}`).slice(2).padStart(64, "0"),
              ],
              data: (5_000_000).toString(16).padStart(64, "0"),
            },
          ],
        }),
  })),
);

/** The transactions are hashed once for each variant: the root is all that a header needs of them. */
const roots = variants.map(
  (transactions) =>
    sealedBlock({ number: 1, parentHash: "00".repeat(32), timestamp: 1, transactions }).block_header.raw_data
      .txTrieRoot,
);
const headers: string[] = [];
const ids: string[] = [];
for (let number = 0; number <= HEADS; number += 1) {
  const parentHash = ids.at(-1) ?? "00".repeat(32);
  const block = sealedBlock({
    number,
    parentHash,
    timestamp: GENESIS_TIME + number * 3_000,
    root: roots[number % VARIANTS] ?? "",
  });
  ids.push(block.blockID);
  headers.push(JSON.stringify(block));
}

function blockText(number: number): string {
  return `${headers[number]?.slice(0, -1)},"transactions":${bodies[number % VARIANTS]}}`;
}

function infosText(number: number): string {
  const place = `"blockNumber":${number},"blockTimeStamp":${GENESIS_TIME + number * 3_000},`;
  return `[${(infoTexts[number % VARIANTS] ?? []).map((text) => `{${place}${text.slice(1)}`).join(",")}]`;
}
const infoTexts = infos.map((list) => list.map((info) => JSON.stringify(info)));

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as { num?: number; startNum?: number; endNum?: number };
    response.setHeader("content-type", "application/json");
    response.end(answerTo(request.url ?? "", asked));
  });
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port, blocks: HEADS }));
process.on("disconnect", () => process.exit(0));

function answerTo(path: string, asked: { num?: number; startNum?: number; endNum?: number }): string {
  const name = path.split("/").at(-1);
  if (name === "getblockbynum") return blockText(asked.num ?? 0);
  if (name === "gettransactioninfobyblocknum") return infosText(asked.num ?? 0);
  if (name === "getnowblock") return blockText(HEADS);
  const list: string[] = [];
  for (let number = asked.startNum ?? 0; number < Math.min(HEADS + 1, asked.endNum ?? 0); number += 1)
    list.push(blockText(number));
  return `{"block":[${list.join(",")}]}`;
}
