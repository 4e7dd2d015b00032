/** What a person sees when a devnet has started. */
import type { Devnet, DevnetOptions } from "./handle.ts";
import { listing } from "./http/admin/accounts-door.ts";
import { SLOT_MS } from "./parameters.ts";

export function banner(devnet: Devnet, options: DevnetOptions): string {
  const { ledger, url } = devnet;
  const head = ledger.headNumber();
  const lag = head - ledger.solidNumber();
  const rows = [
    ["genesis", devnet.genesisId],
    ["USDT", devnet.usdtContract],
    ["blocks", blocksOf(options)],
    ["head", `${head}, solidified ${ledger.solidNumber()} (${(lag * SLOT_MS) / 1_000} s of chain time behind)`],
    [
      "kept",
      options.dataDir === undefined ? "in memory: gone when it ends (--data keeps it)" : `in ${options.dataDir}`,
    ],
  ];
  const accounts = devnet.accounts === undefined ? [] : [listing(devnet.accounts, "base58")];
  return [
    `TRON devnet on ${url}`,
    ...rows.map(([name = "", text = ""]) => `  ${name.padEnd(8)} ${text}`),
    "",
    ...accounts,
    "Try it:",
    `  curl ${url}/wallet/getnowblock`,
    `  curl ${url}/admin/accounts`,
    `  curl -X POST ${url}/admin/devnet/mine -d '{"count": 1}'`,
    `  new TronWeb({ fullHost: "${url}", privateKey: "<one of the keys above>" })`,
    "",
    "What is simulated, and every endpoint: docs/devnet.md. Its keys are public; send nothing of value here.",
    "",
  ].join("\n");
}

function blocksOf({ slotMs }: DevnetOptions): string {
  if (slotMs === "manual") return "only when told: POST /admin/devnet/mine, or tre_mine";
  if (slotMs === "instant") return "one at each broadcast";
  return `every ${slotMs} ms`;
}
