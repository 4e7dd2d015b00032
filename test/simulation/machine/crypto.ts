/** Stands where `node:crypto` is for the program: its randomness is the seed's, its slow functions need no thread. */
import {
  createHash,
  pbkdf2Sync,
  randomBytes as realBytes,
  randomUUID as realUuid,
  type ScryptOptions,
} from "node:crypto";
import { running } from "./power.ts";

export {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  hash,
  hkdfSync,
  timingSafeEqual,
  verify,
  X509Certificate,
} from "node:crypto";

export function randomBytes(size: number): Buffer {
  const world = running();
  if (world === undefined) return realBytes(size);
  return Buffer.from(Array.from({ length: size }, () => world.chance.below(256)));
}

export function randomUUID(): string {
  if (running() === undefined) return realUuid();
  const hex = randomBytes(16).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

type Done = (error: Error | null, key: Buffer) => void;

/** The real one is slow on purpose; how slow is not what is looked at here. */
export function scrypt(password: Uint8Array, salt: Uint8Array, length: number, _cost: ScryptOptions, done: Done): void {
  done(null, createHash("sha256").update(password).update(salt).digest().subarray(0, length));
}

const stretched = new Map<string, Buffer>();

/** The real function; a wallet asks it for the same phrase again and again. */
export function pbkdf2(
  password: string,
  salt: string,
  rounds: number,
  length: number,
  digest: string,
  done: Done,
): void {
  const name = `${password} ${salt} ${rounds} ${length} ${digest}`;
  const known = stretched.get(name) ?? pbkdf2Sync(password, salt, rounds, length, digest);
  if (stretched.size > 100) stretched.clear();
  stretched.set(name, known);
  done(null, Buffer.from(known));
}
