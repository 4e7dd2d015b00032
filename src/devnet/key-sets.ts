/** Keys that belong to everybody: derived from a mnemonic (BIP39, BIP44), or known from the quickstart images. */
import { HDKey } from "@scure/bip32";
import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { Fault } from "../domain/errors.ts";
import { toHex } from "../tron/bytes.ts";
import { sha256 } from "../tron/hashes.ts";

/** The names are those of the image's `accounts-json`. */
export type KeySet = { readonly hdPath: string; readonly mnemonic: string; readonly privateKeys: readonly string[] };

export const DEFAULT_HD_PATH = "m/44'/195'/0'/0/";
export const ACCOUNTS_MAX = 1_000;

/** What configurations of TronBox and of the older quickstart image pay with when nobody changed them. */
export const WELL_KNOWN_KEYS = {
  tre: `${"0".repeat(63)}1`,
  quickstart: "da146374a75310b9666e834ee4ad0866d6f4035967bfc76217c5a495fff9f0d0",
} as const;

/** Throws `Fault("config_invalid")` for a mnemonic or a path that is none. */
export function deriveKeys(from: { mnemonic: string; hdPath: string; count: number }): KeySet {
  const { mnemonic, count } = from;
  const hdPath = from.hdPath.endsWith("/") ? from.hdPath : `${from.hdPath}/`;
  if (!validateMnemonic(mnemonic, wordlist)) {
    throw new Fault("config_invalid", "the mnemonic is not one: 12 to 24 English BIP39 words with a right checksum");
  }
  try {
    const root = HDKey.fromMasterSeed(mnemonicToSeedSync(mnemonic));
    const privateKeys = Array.from({ length: count }, (_, index) => {
      const { privateKey } = root.derive(`${hdPath}${index}`);
      if (privateKey === null) throw new RangeError("no key at this path");
      return toHex(privateKey);
    });
    return { hdPath, mnemonic, privateKeys };
  } catch (cause) {
    throw new Fault("config_invalid", `not a derivation path: ${from.hdPath.slice(0, 80)}`, { cause });
  }
}

/** The same twelve words for the same text: what a seed gives when nobody names a mnemonic. */
export function mnemonicFrom(seed: string): string {
  return entropyToMnemonic(sha256(Buffer.from(`tron devnet mnemonic / ${seed}`, "utf8")).subarray(0, 16), wordlist);
}
