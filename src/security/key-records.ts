/** The three kinds of file in `DATA_DIR/keys`, and the text that each seal is bound to. */
import { Type } from "typebox";
import type { Static } from "typebox";
import { Value } from "typebox/value";
import { Fault } from "../domain/errors.ts";
import { KdfSchema, SealSchema, unseal } from "./envelope.ts";
import type { Secret } from "./secret.ts";

export const WALLET_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$";
const address = Type.String({ pattern: "^T[1-9A-HJ-NP-Za-km-z]{33}$" });
const strict = { additionalProperties: false };

/** `keystore.json`: how the passphrase is stretched, and a seal that only the right passphrase opens. */
const HeaderSchema = Type.Object({ version: Type.Literal(1), kdf: KdfSchema, verifier: SealSchema }, strict);
export type KeystoreHeader = Static<typeof HeaderSchema>;

/** `hd-seed.json`: the sealed BIP39 phrase and the next index that was never given to a wallet. */
const SeedSchema = Type.Object(
  {
    version: Type.Literal(1),
    fingerprint: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    nextIndex: Type.Integer({ minimum: 0, maximum: 0x7fffffff }),
    seal: SealSchema,
  },
  strict,
);
export type SeedRecord = Static<typeof SeedSchema>;

/** `wallet-<id>.<address>.json`: one sealed private key. */
const WalletSchema = Type.Object(
  {
    version: Type.Literal(1),
    walletId: Type.String({ pattern: WALLET_ID_PATTERN }),
    address,
    kind: Type.Union([Type.Literal("hd"), Type.Literal("imported")]),
    path: Type.Union([Type.String({ pattern: "^m/44'/195'/0'/0/[0-9]{1,10}$" }), Type.Null()]),
    seal: SealSchema,
  },
  strict,
);
export type WalletRecord = Static<typeof WalletSchema>;

export const VERIFIER_CONTEXT = JSON.stringify(["lucid-tron/keystore", 1]);

/** The seed's seal says which indexes are taken: an edited counter, which would hand out an address twice, fails. */
export function seedContext(record: Omit<SeedRecord, "seal">): string {
  return JSON.stringify(["lucid-tron/hd-seed", record.version, record.fingerprint, record.nextIndex]);
}

export function walletContext(record: Omit<WalletRecord, "seal">): string {
  const { version, walletId, address: own, kind, path } = record;
  return JSON.stringify(["lucid-tron/wallet", version, walletId, own, kind, path]);
}

/** Throws `Fault("key_unavailable")` when the text is not such a record. */
export function parseHeader(text: string): KeystoreHeader {
  const value = parseJson(text);
  if (!Value.Check(HeaderSchema, value)) throw damaged("keystore.json");
  return value;
}

export function parseSeed(text: string): SeedRecord {
  const value = parseJson(text);
  if (!Value.Check(SeedSchema, value)) throw damaged("hd-seed.json");
  return value;
}

export function parseWallet(text: string): WalletRecord {
  const value = parseJson(text);
  if (!Value.Check(WalletSchema, value)) throw damaged("A wallet's key file");
  return value;
}

/**
 * The private key of a wallet. Throws `Fault("key_unavailable")` when the seal does not open: another passphrase, a
 * seal made for another wallet or address, or changed bytes.
 */
export function openWalletKey(record: WalletRecord, kek: Secret): Secret {
  const key = unseal(record.seal, { kek, context: walletContext(record) });
  if (key === undefined) {
    throw new Fault("key_unavailable", `The key file of wallet ${record.walletId} was changed or belongs elsewhere`);
  }
  return key;
}

function damaged(what: string): Fault {
  return new Fault("key_unavailable", `${what} is damaged; restore it from a backup`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
