/**
 * Bearer tokens `lt_<id>_<secret>` of one data directory, in `tokens.json`.
 *
 * T1. The file holds SHA-256 of the secret, never the secret. A secret is 256 random bits: a fast hash cannot be
 *     searched, so no slow one is needed.
 * T2. A secret is compared in constant time, and an unknown id costs the same comparison as a known one.
 * T3. A token exists when its row is on disk; `create` and `revoke` answer after that.
 * T4. The first token is made once in the life of the directory: when `tokens.json` exists, whatever it says, none is
 *     made. So revoking every token locks the API instead of quietly opening it again.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { Mutex } from "async-mutex";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Value } from "typebox/value";
import { Fault, refuse } from "../domain/errors.ts";
import { SCOPES } from "./access.ts";
import type { Authenticator, Grant, Principal, Verdict } from "./access.ts";
import { createFolder, readPrivateFile, writePrivateFile } from "./private-file.ts";

const ID_BYTES = 8;
const SECRET_BYTES = 32;
const TOKENS_MAX = 10_000;
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

/** Opens `DATA_DIR/tokens.json`; a missing file is an empty list. Throws `Fault("config_invalid")` on a damaged one. */
export async function openApiTokens(options: { dataDir: string }): Promise<ApiTokens> {
  await createFolder(options.dataDir);
  const text = await readPrivateFile(join(options.dataDir, "tokens.json"));
  return new ApiTokens(options.dataDir, text === undefined ? undefined : parseTokens(text));
}

export class ApiTokens implements Authenticator {
  readonly #dataDir: string;
  readonly #writing = new Mutex();
  #tokens: ReadonlyMap<string, StoredToken>;
  #exists: boolean;

  constructor(dataDir: string, tokens: readonly StoredToken[] | undefined) {
    this.#dataDir = dataDir;
    this.#exists = tokens !== undefined;
    this.#tokens = new Map((tokens ?? []).map((token) => [token.id, token]));
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

  /** Makes a token; it works from the moment this resolves. */
  create(wanted: NewToken, createdAt = Date.now()): Promise<IssuedToken> {
    return this.#writing.runExclusive(async () => {
      const issued = issue(wanted, createdAt);
      await this.#save([...this.#tokens.values(), issued.stored]);
      return { token: issued.token, principal: principalOf(issued.stored) };
    });
  }

  /** `false` when there is no such token. */
  revoke(id: string): Promise<boolean> {
    return this.#writing.runExclusive(async () => {
      if (!this.#tokens.has(id)) return false;
      await this.#save([...this.#tokens.values()].filter((token) => token.id !== id));
      return true;
    });
  }

  list(): ListedToken[] {
    return [...this.#tokens.values()].map((token) => ({ ...principalOf(token), createdAt: token.createdAt }));
  }

  /** Writes `DATA_DIR/first-token` with scope admin, once (T4). Says where, or `undefined` when there was one before. */
  ensureFirstToken(createdAt = Date.now()): Promise<string | undefined> {
    return this.#writing.runExclusive(async () => {
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

  async #save(tokens: readonly StoredToken[]): Promise<void> {
    const file = { version: 1, tokens };
    if (!Value.Check(FileSchema, file)) throw new Fault("validation_failed", `At most ${TOKENS_MAX} tokens can exist`);
    const text = `${JSON.stringify(file, null, 2)}\n`;
    await writePrivateFile({ path: join(this.#dataDir, "tokens.json"), text });
    this.#tokens = new Map(tokens.map((token) => [token.id, token]));
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

function principalOf(token: StoredToken): Principal {
  return { id: token.id, name: token.name, scopes: token.scopes };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

function denied(detail: string): Verdict {
  return { ok: false, refusal: refuse("unauthenticated", detail) };
}
