/** `/admin` as the quickstart images have it: who is rich here, with which keys. */
import { isFault } from "../../../domain/errors.ts";
import { toHex41 } from "../../../tron/address.ts";
import type { DevAccounts, FundedAccount } from "../../dev-accounts.ts";
import { type Answer, type Asked, json, plain, type SideDoor } from "../answer.ts";
import { imageAccounts } from "./image-options.ts";

export type AccountRoute = { readonly path: string; readonly does: string };

export const ACCOUNT_ROUTES: readonly AccountRoute[] = [
  { path: "/admin", does: "a greeting" },
  { path: "/admin/accounts", does: "addresses, balances, keys and mnemonic as text; `format=hex` or `all`" },
  { path: "/admin/accounts-json", does: "the same keys as JSON" },
  { path: "/admin/accounts-generation", does: "funds those accounts again that have nothing left" },
  {
    path: "/admin/temporary-accounts-generation",
    does: "makes and funds more accounts; `accounts`, `mnemonic`, `hdPath`, `defaultBalance` (TRX)",
  },
];

export function accountsDoor(rich: DevAccounts | undefined): SideDoor {
  return {
    owns: (path) => ACCOUNT_ROUTES.some((route) => route.path === path || `${route.path}/` === path),
    answer: async (asked) => {
      const path = asked.path.replace(/\/$/, "");
      if (asked.method !== "GET" && asked.method !== "POST") return plain(405, "Method Not Allowed");
      if (path === "/admin") return plain(200, "Welcome to the TRON devnet. Accounts: /admin/accounts");
      if (rich === undefined) return plain(404, "this devnet was started without accounts");
      try {
        return await answerTo(path, asked, rich);
      } catch (error) {
        if (isFault(error)) return plain(400, error.message);
        throw error;
      }
    },
  };
}

async function answerTo(path: string, asked: Asked, rich: DevAccounts): Promise<Answer> {
  const query = new URLSearchParams(asked.url.split("?", 2)[1] ?? "");
  switch (path) {
    case "/admin/accounts-json":
      return json(200, { ...rich.sets });
    case "/admin/accounts-generation":
      await rich.refill();
      return plain(200, "");
    case "/admin/temporary-accounts-generation":
      await rich.generate(imageAccounts(Object.fromEntries(query)));
      return plain(200, listing(rich, "base58"));
    default:
      return plain(200, listing(rich, query.get("format") ?? "base58"));
  }
}

/** The text of the image, line by line. */
export function listing(rich: DevAccounts, format: string): string {
  const accounts = rich.list();
  const { mnemonic, hdPath } = rich.sets;
  return [
    "Available Accounts",
    "==================",
    "",
    ...accounts.flatMap((account, index) => accountLines(account, { index, format })),
    "",
    "Private Keys",
    "==================",
    "",
    ...accounts.map(({ privateKey }, index) => `(${index}) ${privateKey}`),
    "",
    "HD Wallet",
    "==================",
    `Mnemonic:      ${mnemonic}`,
    `Base HD Path:  ${hdPath}{account_index}`,
    "",
  ].join("\n");
}

function accountLines(account: FundedAccount, { index, format }: { index: number; format: string }): string[] {
  const hex = toHex41(account.address);
  const line = `(${index}) ${format === "hex" ? hex : account.address} (${trx(account.balanceSun)} TRX)`;
  return format === "all" ? [line, `    ${hex}`] : [line];
}

function trx(sun: bigint): string {
  const whole = sun / 1_000_000n;
  const rest = (sun % 1_000_000n).toString().padStart(6, "0").replace(/0+$/, "");
  return rest === "" ? whole.toString() : `${whole}.${rest}`;
}
