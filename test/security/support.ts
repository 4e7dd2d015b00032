import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Units } from "../../src/domain/money.ts";
import type { SigningOrder } from "../../src/ports/world.ts";
import type { KdfCost } from "../../src/security/envelope.ts";
import { openKeystore } from "../../src/security/keystore.ts";
import type { Keystore } from "../../src/security/keystore.ts";
import { Secret } from "../../src/security/secret.ts";
import vectors from "../fixtures/signing-vectors.json" with { type: "json" };

export { vectors };

/** scrypt at a cost that makes tests quick; real keystores use `KDF_COST`. */
export const CHEAP_KDF: KdfCost = { N: 16, r: 8, p: 1 };
export const PASSPHRASE = "a passphrase for tests, quite long and varied";
export const USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "lucid-tron-security-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function openTestKeystore(directory: string, passphrase = PASSPHRASE): Promise<Keystore> {
  return openKeystore({ directory, encryptionKey: Secret.fromText(passphrase), kdf: CHEAP_KDF });
}

export function units(value: number | bigint): Units {
  return String(value) as Units;
}

/** The transfer of the published vectors: pkA pays pkB. */
export function vectorOrder(changes: Partial<SigningOrder> = {}): SigningOrder {
  const { header, from, to } = vectors.transferVector;
  return {
    asset: "USDT",
    walletId: "wl_a",
    from,
    to,
    amount: units(1_000_000),
    reference: {
      number: 0x12345_2927,
      id: `0000000123452927${header.ref_block_hash}${"ab".repeat(16)}`,
    },
    expiration: header.expiration,
    timestamp: header.timestamp,
    feeLimitSun: units(100_000_000),
    ...changes,
  };
}

/** What a rejected promise rejected with; fails when it did not. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection");
}

/** What `work` threw; fails when it did not. */
export function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("expected it to throw");
}
