/**
 * Bearer tokens `lt_<id>_<secret>` of one data directory, in `tokens.json`.
 *
 * T1. The file holds SHA-256 of the secret, never the secret. A secret is 256 random bits: a fast hash cannot be
 *     searched, so no slow one is needed.
 * T2. A secret is compared in constant time, and an unknown id costs the same comparison as a known one.
 * T3. A token exists when its row is on disk; `create` and `revoke` answer after that.
 * T4. The first token is made once in the life of the directory: when `tokens.json` exists, whatever it says, none is
 *     made. So revoking every token locks the API instead of quietly opening it again.
 * T5. Processes that change the file at the same time lose nothing of one another: each reads it again under a lock and
 *     writes it as a whole. The first token needs no lock: nobody else makes a file that is not there.
 * T6. `reload` takes over what another process wrote. A file that is damaged or gone changes nothing, and is not written
 *     either: a slip of the hand neither locks a running engine nor opens it.
 * T7. The last token with scope admin goes only by force.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Mutex } from "async-mutex";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Value } from "typebox/value";
import { Fault, refuse } from "../domain/errors.ts";
import { SCOPES } from "./access.ts";
import type { Authenticator, Grant, Principal, Verdict } from "./access.ts";
import { withFileLock } from "./file-lock.ts";
import { createFolder, readPrivateFile, writePrivateFile } from "./private-file.ts";

const ID_BYTES = 8;
const SECRET_BYTES = 32;
const TOKENS_MAX = 10_000;
/** A change takes milliseconds; a lock that stays is one that was left behind. */
const LOCK_PATIENCE_MS = 5_000;
const NAME_PATTERN = "^[^\\u0000-\\u001f\\u007f]{1,100}$";
/** `lt_`, 16 hex, `_`, 43 characters of base64url. The header is matched as a whole, so no part can hide in it. */
const BEARER = /^Bearer +lt_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/i;
const HEADER_LENGTH_MAX = 256;
const ABSENT_HASH = Buffer.alloc(32);

const GrantSchema = Type.Union([Type.Literal("admin"), ...SCOPES.map((scope) => Type.Literal(scope))]);
const TokenSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[0-9a-f]{16}$" }),
    name: Type.String({ pattern: NAME_PATTERN }),
    scopes: Type.Array(GrantSchema, { minItems: 1, uniqueItems: true }),
    sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    createdAt: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
const FileSchema = Type.Object(
  { version: Type.Literal(1), tokens: Type.Array(TokenSchema, { maxItems: TOKENS_MAX }) },
  { additionalProperties: false },
);
type StoredToken = Static<typeof TokenSchema>;

export type NewToken = { readonly name: string; readonly scopes: readonly Grant[] };
/** `token` is shown once, here; it cannot be had again. */
export type IssuedToken = { readonly token: string; readonly principal: Principal };
export type ListedToken = Principal & { readonly createdAt: number };
export type Revocation = "revoked" | "unknown" | "last admin";
/** Ids of tokens. */
export type TokenChanges = { readonly made: readonly string[]; readonly revoked: readonly string[] };

/**
 * Opens `DATA_DIR/tokens.json`; a missing file is an empty list, unless the directory `isBegun`. Throws
 * `Fault("config_invalid")` on a damaged one.
 */
export async function openApiTokens(options: {
  dataDir: string;
  lockPatienceMs?: number;
  isBegun?: boolean;
}): Promise<ApiTokens> {
  await createFolder(options.dataDir);
  const text = await readPrivateFile(join(options.dataDir, "tokens.json"));
  if (text === undefined && options.isBegun === true) throw gone();
  return new ApiTokens(options, text === undefined ? undefined : parseTokens(text));
}

export class ApiTokens implements Authenticator {
  readonly #dataDir: string;
  readonly #path: string;
  readonly #lockPatienceMs: number;
  readonly #busy = new Mutex();
  #tokens: ReadonlyMap<string, StoredToken>;
  #exists: boolean;
  /** Of the file whose rows these are; `undefined` when that is not known. */
  #version: string | undefined;

  constructor(
    { dataDir, lockPatienceMs = LOCK_PATIENCE_MS }: { dataDir: string; lockPatienceMs?: number },
    tokens: readonly StoredToken[] | undefined,
  ) {
    this.#dataDir = dataDir;
    this.#path = join(dataDir, "tokens.json");
    this.#lockPatienceMs = lockPatienceMs;
    this.#exists = tokens !== undefined;
    this.#tokens = byId(tokens ?? []);
  }

  verify(header: string | undefined): Verdict {
    if (header === undefined) return denied("Send the header Authorization: Bearer <token>");
    const match = header.length > HEADER_LENGTH_MAX ? null : BEARER.exec(header);
    const [, id = "", secret = ""] = match ?? [];
    const token = this.#tokens.get(id.toLowerCase());
    const expected = token === undefined ? ABSENT_HASH : Buffer.from(token.sha256, "hex");
    const same = timingSafeEqual(sha256(secret), expected);
    if (token === undefined || !same) return denied("The token is malformed, unknown or revoked");
    return { ok: true, principal: principalOf(token) };
  }

  knows(tokenId: string): boolean {
    return this.#tokens.has(tokenId);
  }

  /** Makes a token; here it works from the moment this resolves, in another process after its `reload`. */
  create(wanted: NewToken, createdAt = Date.now()): Promise<IssuedToken> {
    return this.#change(async (tokens) => {
      const issued = issue(wanted, createdAt);
      await this.#save([...tokens, issued.stored]);
      return { token: issued.token, principal: principalOf(issued.stored) };
    });
  }

  /** T7 */
  revoke(id: string, { force = false } = {}): Promise<Revocation> {
    return this.#change(async (tokens) => {
      const rest = tokens.filter((token) => token.id !== id);
      if (rest.length === tokens.length) return "unknown";
      if (!force && tokens.some(isAdmin) && !rest.some(isAdmin)) return "last admin";
      await this.#save(rest);
      return "revoked";
    });
  }

  /** T6. Costs one `stat` when nothing was written. */
  reload(): Promise<TokenChanges> {
    return this.#busy.runExclusive(async () => {
      // Before it is read: what is written in between has another version, and is read the next time.
      const version = versionOf(await stat(this.#path));
      this.#exists = true;
      if (version === this.#version) return { made: [], revoked: [] };
      const before = this.#tokens;
      this.#tokens = byId(await this.#read());
      this.#version = version;
      return { made: missingIn(before, this.#tokens), revoked: missingIn(this.#tokens, before) };
    });
  }

  list(): ListedToken[] {
    return [...this.#tokens.values()].map((token) => ({ ...principalOf(token), createdAt: token.createdAt }));
  }

  /** Writes `DATA_DIR/first-token` with scope admin, once (T4). Says where, or `undefined` when there was one before. */
  ensureFirstToken(createdAt = Date.now()): Promise<string | undefined> {
    return this.#busy.runExclusive(async () => {
      if (this.#exists) return undefined;
      const path = join(this.#dataDir, "first-token");
      const { token, stored } = issue({ name: "first token", scopes: ["admin"] }, createdAt);
      // The file before the row: a crash between the two leaves a dead text that the next start replaces. The other
      // order would leave a directory whose only token nobody has ever seen.
      await writePrivateFile({ path, text: `${token}\n` });
      await this.#save([stored]);
      return path;
    });
  }

  /** T5 */
  #change<T>(work: (tokens: readonly StoredToken[]) => Promise<T>): Promise<T> {
    const lock = { path: `${this.#path}.lock`, patienceMs: this.#lockPatienceMs };
    return this.#busy.runExclusive(() => withFileLock(lock, async () => work(await this.#read())));
  }

  /** A file that was there once cannot be missing: without its rows every other token would be lost. */
  async #read(): Promise<readonly StoredToken[]> {
    const text = await readPrivateFile(this.#path);
    if (text === undefined && this.#exists) throw gone();
    return text === undefined ? [] : parseTokens(text);
  }

  async #save(tokens: readonly StoredToken[]): Promise<void> {
    const file = { version: 1, tokens };
    if (!Value.Check(FileSchema, file)) throw new Fault("validation_failed", `At most ${TOKENS_MAX} tokens can exist`);
    const text = `${JSON.stringify(file, null, 2)}\n`;
    await writePrivateFile({ path: this.#path, text });
    this.#tokens = byId(tokens);
    this.#exists = true;
  }
}

function issue(wanted: NewToken, createdAt: number): { token: string; stored: StoredToken } {
  const id = randomBytes(ID_BYTES).toString("hex");
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  const stored = {
    id,
    name: wanted.name,
    scopes: [...wanted.scopes],
    sha256: sha256(secret).toString("hex"),
    createdAt,
  };
  if (!Value.Check(TokenSchema, stored)) {
    throw new Fault("validation_failed", "A token needs a name of 1 to 100 characters and known, different scopes");
  }
  return { token: `lt_${id}_${secret}`, stored };
}

function gone(): Fault {
  return new Fault("config_invalid", "tokens.json is gone; restore it, or start the engine anew for a new first token");
}

function parseTokens(text: string): readonly StoredToken[] {
  const parsed = parseJson(text);
  if (!Value.Check(FileSchema, parsed)) {
    throw new Fault("config_invalid", "tokens.json is damaged; restore it, or remove it to get a new first token");
  }
  return parsed.tokens;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function byId(tokens: readonly StoredToken[]): ReadonlyMap<string, StoredToken> {
  return new Map(tokens.map((token) => [token.id, token]));
}

function missingIn(known: ReadonlyMap<string, unknown>, tokens: ReadonlyMap<string, unknown>): string[] {
  return [...tokens.keys()].filter((id) => !known.has(id));
}

function isAdmin({ scopes }: StoredToken): boolean {
  return scopes.includes("admin");
}

/** The file is replaced, never written in place: another one has another number. */
function versionOf({ ino, size, mtimeMs }: { ino: number; size: number; mtimeMs: number }): string {
  return `${ino} ${size} ${mtimeMs}`;
}

function principalOf(token: StoredToken): Principal {
  return { id: token.id, name: token.name, scopes: token.scopes };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

function denied(detail: string): Verdict {
  return { ok: false, refusal: refuse("unauthenticated", detail) };
}
