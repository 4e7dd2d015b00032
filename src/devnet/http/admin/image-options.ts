/** The options of the quickstart images, which are environment variables there and query parameters of `/admin`. */
import type { AccountPlan } from "../../dev-accounts.ts";

/** What is no number counts as absent, as in the image. */
export function imageAccounts(options: Readonly<Record<string, string | undefined>>): AccountPlan {
  const count = wholeOf(options["accounts"]);
  const balance = wholeOf(options["defaultBalance"]);
  const mnemonic = wordsOf(options["mnemonic"]);
  const hdPath = wordsOf(options["hdPath"]);
  return {
    ...(count === undefined ? {} : { count }),
    ...(balance === undefined ? {} : { balanceSun: BigInt(balance) * 1_000_000n }),
    ...(mnemonic === undefined ? {} : { mnemonic }),
    ...(hdPath === undefined ? {} : { hdPath }),
    ...(options["useDefaultPrivateKey"] === "true" ? { useDefaultPrivateKey: true } : {}),
  };
}

function wholeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

function wordsOf(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}
