import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allows, isGrant, SCOPES } from "../../src/security/access.ts";
import type { Principal } from "../../src/security/access.ts";
import { openApiTokens } from "../../src/security/api-tokens.ts";
import { temporaryFolder } from "./support.ts";

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
    for (const { id } of tokens.list()) expect(await tokens.revoke(id)).toBe(true);
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
    expect(await reopened.revoke(principal.id)).toBe(true);
    expect(await reopened.revoke(principal.id)).toBe(false);
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
