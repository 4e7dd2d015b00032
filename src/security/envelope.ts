/**
 * Sealed bytes: AES-256-GCM under a key that exists for one record only.
 *
 * E1. The passphrase is stretched once per keystore by scrypt into the key-encryption key (KEK). Stretching per record
 *     would cost tenths of a second for every wallet at every start and buy nothing: one passphrase guards them all.
 * E2. Every seal has its own random salt; its AES key is HKDF-SHA256(KEK, salt). No two records share an AES key, so
 *     the random 96-bit nonce can never repeat under one key.
 * E3. `context` is authenticated (AAD): a seal opens only under the very context it was made for. A ciphertext copied
 *     to another wallet, or a changed address, fails.
 * E4. What does not open says so with `undefined` and nothing else: no part of a plaintext is ever handed out.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from "node:crypto";
import type { ScryptOptions } from "node:crypto";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Fault } from "../domain/errors.ts";
import { Secret } from "./secret.ts";

/** Cost of stretching the passphrase, kept in the keystore so that it can be raised later. 128·N·r bytes of memory. */
export type KdfCost = { readonly N: number; readonly r: number; readonly p: number };

/** 32 MiB and about a tenth of a second on a small server; a guess costs an attacker the same. */
export const KDF_COST: KdfCost = { N: 32_768, r: 8, p: 1 };

/** A header that asks for more than 1 GiB is damaged or hostile. */
const KDF_MEMORY_MAX = 1024 * 1024 * 1024;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const HKDF_LABEL = "lucid-tron/record-key/1";

const hex = (bytes: number) => Type.String({ pattern: `^[0-9a-f]{${bytes * 2}}$` });

export const KdfSchema = Type.Object(
  {
    name: Type.Literal("scrypt"),
    N: Type.Integer({ minimum: 2, maximum: 4_194_304 }),
    r: Type.Integer({ minimum: 1, maximum: 64 }),
    p: Type.Integer({ minimum: 1, maximum: 16 }),
    salt: hex(SALT_BYTES),
  },
  { additionalProperties: false },
);
export type Kdf = Static<typeof KdfSchema>;

/** `sealed` is ciphertext followed by the 16-byte tag, in hex. */
export const SealSchema = Type.Object(
  { salt: hex(SALT_BYTES), nonce: hex(NONCE_BYTES), sealed: Type.String({ pattern: "^([0-9a-f]{2}){16,4096}$" }) },
  { additionalProperties: false },
);
export type Seal = Static<typeof SealSchema>;

export function newKdf(cost: KdfCost): Kdf {
  return { name: "scrypt", N: cost.N, r: cost.r, p: cost.p, salt: randomBytes(SALT_BYTES).toString("hex") };
}

/** The key-encryption key of a keystore. Slow on purpose. Throws `Fault("key_unavailable")` on a cost out of reach. */
export async function stretch(passphrase: Secret, kdf: Kdf): Promise<Secret> {
  const memory = 128 * kdf.N * kdf.r;
  if (memory > KDF_MEMORY_MAX) throw new Fault("key_unavailable", "The keystore asks for more than 1 GiB of memory");
  const cost = { N: kdf.N, r: kdf.r, p: kdf.p, maxmem: memory * 2 + 1024 * 1024 };
  const salt = Buffer.from(kdf.salt, "hex");
  const key = await passphrase
    .use((bytes) => scryptKey(bytes, salt, cost))
    .catch((cause: unknown) => {
      throw new Fault("key_unavailable", "The keystore's scrypt parameters are invalid", { cause });
    });
  const kek = new Secret(key);
  key.fill(0);
  return kek;
}

function scryptKey(passphrase: Uint8Array, salt: Uint8Array, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, KEY_BYTES, cost, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

export function seal(plain: Uint8Array, under: { kek: Secret; context: string }): Seal {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const key = recordKey(under.kek, salt);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(under.context, "utf8"));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  key.fill(0);
  return { salt: salt.toString("hex"), nonce: nonce.toString("hex"), sealed: sealed.toString("hex") };
}

/** `undefined`: another key, another context, or changed bytes. Which one cannot be told. */
export function unseal(box: Seal, under: { kek: Secret; context: string }): Secret | undefined {
  const sealed = Buffer.from(box.sealed, "hex");
  const key = recordKey(under.kek, Buffer.from(box.salt, "hex"));
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(box.nonce, "hex"), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(under.context, "utf8"));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
    decipher.final();
    const secret = new Secret(plain);
    plain.fill(0);
    return secret;
  } catch {
    return undefined;
  } finally {
    key.fill(0);
  }
}

function recordKey(kek: Secret, salt: Uint8Array): Uint8Array {
  return kek.use((bytes) => new Uint8Array(hkdfSync("sha256", bytes, salt, HKDF_LABEL, KEY_BYTES)));
}
