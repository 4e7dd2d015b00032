import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type * as promises from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { allows, isGrant, SCOPES } from "../../src/security/access.ts";
import type { Principal } from "../../src/security/access.ts";
import { openApiTokens } from "../../src/security/api-tokens.ts";
import { temporaryFolder } from "./support.ts";

/** A file that is there when it is looked at, and gone when it is read. */
const disk = vi.hoisted((): { gone: string | undefined } => ({ gone: undefined }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof promises>();
  const readFile = (path: string, encoding: BufferEncoding) =>
    path === disk.gone
      ? Promise.reject(Object.assign(new Error("ENOENT"), { code: "ENOENT" }))
      : real.readFile(path, encoding);
  return { ...real, readFile };
});

afterEach(() => void (disk.gone = undefined));

const unauthenticated = { ok: false, refusal: { code: "unauthenticated" } };

describe("access", () => {
  const holder = (scopes: Principal["scopes"]): Principal => ({ id: "t", name: "test", scopes });

  test("a scope allows itself and no other", () => {
    for (const held of SCOPES) {
      for (const wanted of SCOPES) expect(allows(holder([held]), wanted)).toBe(held === wanted);
    }
  });

  test("admin allows everything, and no scope allows nothing", () => {
    for (const wanted of SCOPES) {
      expect(allows(holder(["admin"]), wanted)).toBe(true);
      expect(allows(holder([]), wanted)).toBe(false);
    }
  });

  test("only listed words are grants", () => {
    for (const word of [...SCOPES, "admin"]) expect(isGrant(word)).toBe(true);
    for (const word of ["", "Admin", "payouts", "payouts:*", "__proto__", "toString"])
      expect(isGrant(word)).toBe(false);
  });
});

describe("the first token", () => {
  test("is written once, owner-only, with scope admin, and works", async () => {
    const dataDir = join(temporaryFolder(), "data");
    const tokens = await openApiTokens({ dataDir });
    const path = await tokens.ensureFirstToken(123);
    expect(path).toBe(join(dataDir, "first-token"));
    const text = readFileSync(join(dataDir, "first-token"), "utf8").trim();
    expect(text).toMatch(/^lt_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(statSync(join(dataDir, "first-token")).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, "tokens.json")).mode & 0o777).toBe(0o600);
    expect(tokens.verify(`Bearer ${text}`)).toMatchObject({ ok: true, principal: { scopes: ["admin"] } });

    const reopened = await openApiTokens({ dataDir });
    expect(await reopened.ensureFirstToken()).toBeUndefined();
    expect(reopened.verify(`Bearer ${text}`)).toMatchObject({ ok: true });
    expect(reopened.list()).toMatchObject([{ name: "first token", createdAt: 123 }]);
  });

  test("is replaced when a crash came between its file and its row", async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, "first-token"), "lt_0000000000000000_dead\n");
    const tokens = await openApiTokens({ dataDir });
    await tokens.ensureFirstToken();
    const text = readFileSync(join(dataDir, "first-token"), "utf8").trim();
    expect(tokens.verify(`Bearer ${text}`).ok).toBe(true);
  });

  test("does not come back when every token was revoked", async () => {
    const dataDir = temporaryFolder();
    const tokens = await openApiTokens({ dataDir });
    await tokens.ensureFirstToken();
    for (const { id } of tokens.list()) expect(await tokens.revoke(id, { force: true })).toBe("revoked");
    expect(await (await openApiTokens({ dataDir })).ensureFirstToken()).toBeUndefined();
  });

  test("is made once by starters that race", async () => {
    const dataDir = temporaryFolder();
    const tokens = await openApiTokens({ dataDir });
    const paths = await Promise.all(Array.from({ length: 5 }, () => tokens.ensureFirstToken()));
    expect(paths.filter((path) => path !== undefined)).toHaveLength(1);
    expect(tokens.list()).toHaveLength(1);
  });
});

describe("a token", () => {
  test("works from its creation to its revocation, across a restart", async () => {
    const dataDir = temporaryFolder();
    const tokens = await openApiTokens({ dataDir });
    const { token, principal } = await tokens.create({ name: "shop", scopes: ["payouts:create", "payouts:read"] });
    expect(tokens.verify(`Bearer ${token}`)).toEqual({ ok: true, principal });
    const reopened = await openApiTokens({ dataDir });
    expect(reopened.verify(`bearer ${token}`)).toEqual({ ok: true, principal });
    expect(reopened.knows(principal.id)).toBe(true);
    expect(await reopened.revoke(principal.id)).toBe("revoked");
    expect(await reopened.revoke(principal.id)).toBe("unknown");
    expect(reopened.knows(principal.id)).toBe(false);
    expect(reopened.verify(`Bearer ${token}`)).toMatchObject(unauthenticated);
    expect((await openApiTokens({ dataDir })).verify(`Bearer ${token}`)).toMatchObject(unauthenticated);
  });

  test("is nowhere on disk, only its hash is", async () => {
    const dataDir = temporaryFolder();
    const tokens = await openApiTokens({ dataDir });
    const { token } = await tokens.create({ name: "shop", scopes: ["admin"] });
    const secret = token.slice(20);
    expect(secret).toHaveLength(43);
    for (const name of readdirSync(dataDir)) expect(readFileSync(join(dataDir, name), "utf8")).not.toContain(secret);
  });

  test("tokens made at the same time are all kept", async () => {
    const dataDir = temporaryFolder();
    const tokens = await openApiTokens({ dataDir });
    await Promise.all(Array.from({ length: 10 }, (_, i) => tokens.create({ name: `t${i}`, scopes: ["ops:read"] })));
    expect((await openApiTokens({ dataDir })).list()).toHaveLength(10);
  });

  test("that is the last one with scope admin goes only by force", async () => {
    const tokens = await openApiTokens({ dataDir: temporaryFolder() });
    const first = await tokens.create({ name: "first", scopes: ["admin"] });
    const second = await tokens.create({ name: "second", scopes: ["admin"] });
    const shop = await tokens.create({ name: "shop", scopes: ["payouts:create"] });
    expect(await tokens.revoke(first.principal.id)).toBe("revoked");
    expect(await tokens.revoke(second.principal.id)).toBe("last admin");
    expect(tokens.verify(`Bearer ${second.token}`).ok).toBe(true);
    expect(await tokens.revoke(second.principal.id, { force: true })).toBe("revoked");
    expect(await tokens.revoke(shop.principal.id)).toBe("revoked");
  });

  test("beyond the ten thousandth is refused, and those that are there stay", async () => {
    const dataDir = temporaryFolder();
    const { principal } = await (await openApiTokens({ dataDir })).create({ name: "shop", scopes: ["admin"] });
    const path = join(dataDir, "tokens.json");
    const file: { tokens: { id: string }[] } = JSON.parse(readFileSync(path, "utf8"));
    const [row] = file.tokens;
    const more = Array.from({ length: 9_999 }, (_, i) => ({ ...row, id: i.toString(16).padStart(16, "0") }));
    const text = JSON.stringify({ ...file, tokens: [row, ...more] });
    writeFileSync(path, text);
    const tokens = await openApiTokens({ dataDir });
    await expect(tokens.create({ name: "x", scopes: ["admin"] })).rejects.toMatchObject({ code: "validation_failed" });
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(tokens.knows(principal.id)).toBe(true);
  });

  test.each([
    ["no name", { name: "", scopes: ["admin"] }],
    ["a name with a line break", { name: "a\nb", scopes: ["admin"] }],
    ["a name of 101 characters", { name: "n".repeat(101), scopes: ["admin"] }],
    ["no scope", { name: "x", scopes: [] }],
    ["a scope twice", { name: "x", scopes: ["tx:read", "tx:read"] }],
    ["an unknown scope", { name: "x", scopes: ["root"] }],
  ])("with %s is refused and nothing is written", async (_name, wanted) => {
    const dataDir = temporaryFolder();
    const tokens = await openApiTokens({ dataDir });
    await expect(tokens.create(wanted as never)).rejects.toMatchObject({ code: "validation_failed" });
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe("two processes", () => {
  /** What a process has in memory and on disk is apart from the other's, as in two instances. */
  const both = async (lockPatienceMs?: number) => {
    const dataDir = temporaryFolder();
    const options = { dataDir, ...(lockPatienceMs === undefined ? {} : { lockPatienceMs }) };
    const engine = await openApiTokens(options);
    await engine.ensureFirstToken();
    return { dataDir, engine, command: await openApiTokens(options) };
  };

  test("that change the tokens at the same time lose nothing of one another", async () => {
    const { dataDir, engine, command } = await both();
    const [first] = engine.list();
    const make = (by: typeof engine, name: string) => by.create({ name, scopes: ["admin"] });
    await Promise.all([make(engine, "a"), make(command, "b"), make(engine, "c"), make(command, "d")]);
    expect(await command.revoke(first?.id ?? "")).toBe("revoked");
    await make(engine, "e");
    const names = (await openApiTokens({ dataDir })).list().map(({ name }) => name);
    expect(names.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    expect(readdirSync(dataDir).toSorted()).toEqual(["first-token", "tokens.json"]);
  });

  test("see what the other made and revoked when they look again", async () => {
    const { engine, command } = await both();
    expect(await engine.reload()).toEqual({ made: [], revoked: [] });
    const { token, principal } = await command.create({ name: "approver", scopes: ["payouts:approve"] });
    expect(engine.verify(`Bearer ${token}`)).toMatchObject(unauthenticated);
    expect(await engine.reload()).toEqual({ made: [principal.id], revoked: [] });
    expect(await engine.reload()).toEqual({ made: [], revoked: [] });
    expect(engine.verify(`Bearer ${token}`)).toEqual({ ok: true, principal });
    await command.revoke(principal.id);
    expect(await engine.reload()).toEqual({ made: [], revoked: [principal.id] });
    expect(engine.verify(`Bearer ${token}`)).toMatchObject(unauthenticated);
  });

  test("keep their tokens while the file is damaged or gone, and take over the mended one", async () => {
    const { dataDir, engine } = await both();
    const path = join(dataDir, "tokens.json");
    const good = readFileSync(path, "utf8");
    const [first] = engine.list();
    for (const spoil of [() => writeFileSync(path, good.slice(0, 40)), () => rmSync(path)]) {
      spoil();
      await expect(engine.reload()).rejects.toThrow(/tokens\.json/);
      expect(engine.list()).toEqual([first]);
      await expect(engine.create({ name: "x", scopes: ["admin"] })).rejects.toMatchObject({ code: "config_invalid" });
      await expect(engine.revoke(first?.id ?? "", { force: true })).rejects.toMatchObject({ code: "config_invalid" });
    }
    expect(readdirSync(dataDir)).toEqual(["first-token"]);
    writeFileSync(path, good.replace("first token", "first one"));
    expect(await engine.reload()).toEqual({ made: [], revoked: [] });
    expect(engine.list()).toMatchObject([{ name: "first one" }]);
  });

  test("keep their tokens when the file goes just before it is read", async () => {
    const { dataDir, engine, command } = await both();
    const [first] = engine.list();
    const path = join(dataDir, "tokens.json");
    await command.create({ name: "x", scopes: ["admin"] });
    disk.gone = path;
    await expect(engine.reload()).rejects.toMatchObject({ code: "config_invalid" });
    expect(engine.list()).toEqual([first]);
    await expect(openApiTokens({ dataDir, isBegun: true })).rejects.toMatchObject({ code: "config_invalid" });
    disk.gone = undefined;
    expect((await engine.reload()).made).toHaveLength(1);
  });

  test("are told about a lock that somebody left behind, and which file to remove", async () => {
    const { dataDir, command } = await both(20);
    const before = readFileSync(join(dataDir, "tokens.json"), "utf8");
    writeFileSync(join(dataDir, "tokens.json.lock"), "");
    await expect(command.create({ name: "x", scopes: ["admin"] })).rejects.toMatchObject({
      code: "store_locked",
      message: expect.stringContaining("tokens.json.lock"),
    });
    expect(readFileSync(join(dataDir, "tokens.json"), "utf8")).toBe(before);
    expect(readdirSync(dataDir)).toContain("tokens.json.lock");
  });

  test("cannot lock a folder that is gone", async () => {
    const dataDir = join(temporaryFolder(), "data");
    const tokens = await openApiTokens({ dataDir });
    rmSync(dataDir, { recursive: true });
    await expect(tokens.create({ name: "x", scopes: ["admin"] })).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("a header", () => {
  test("that is absent, malformed or almost right is refused", async () => {
    const tokens = await openApiTokens({ dataDir: temporaryFolder() });
    const { token } = await tokens.create({ name: "shop", scopes: ["admin"] });
    const [, id = "", secret = ""] = /^lt_([0-9a-f]+)_(.*)$/.exec(token) ?? [];
    const flipped = (secret.startsWith("A") ? "B" : "A") + secret.slice(1);
    const headers = [
      undefined,
      "",
      token,
      `Basic ${token}`,
      `Bearer${token}`,
      `Bearer ${token}x`,
      `Bearer ${token} `,
      ` Bearer ${token}`,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token}\n`,
      `Bearer lt_${id}_`,
      `Bearer lt_${id}_${flipped}`,
      `Bearer lt_${id}_${secret.slice(0, 42)}`,
      `Bearer lt_${"0".repeat(16)}_${secret}`,
      `Bearer lt___proto__________${secret}`,
      `Bearer ${" ".repeat(300)}${token}`,
    ];
    for (const header of headers) expect(tokens.verify(header), String(header)).toMatchObject(unauthenticated);
    expect(tokens.verify(`Bearer ${token}`).ok).toBe(true);
  });

  test("of any text never throws and never passes", async () => {
    const tokens = await openApiTokens({ dataDir: temporaryFolder() });
    await tokens.create({ name: "shop", scopes: ["admin"] });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `Bearer lt_${text}`),
        ),
        (header) => {
          expect(tokens.verify(header).ok).toBe(false);
        },
      ),
    );
  });

  test("refusals do not repeat what was sent", async () => {
    const tokens = await openApiTokens({ dataDir: temporaryFolder() });
    const verdict = tokens.verify("Bearer lt_0123456789abcdef_canarycanary");
    expect(JSON.stringify(verdict)).not.toContain("canary");
  });
});

test("a damaged tokens.json is refused, not overwritten", async () => {
  for (const text of ["", "{", "[]", '{"version":2,"tokens":[]}', '{"version":1,"tokens":[{"id":"x"}]}']) {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, "tokens.json"), text);
    await expect(openApiTokens({ dataDir })).rejects.toMatchObject({ code: "config_invalid" });
    expect(readFileSync(join(dataDir, "tokens.json"), "utf8")).toBe(text);
  }
});
