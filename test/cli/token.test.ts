/** The command that makes and revokes tokens, seen by an operator beside a running engine. */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SCOPES } from "../../src/security/access.ts";
import { openApiTokens } from "../../src/security/api-tokens.ts";
import { ANN } from "./support/payees.ts";
import { Program, until } from "./support/program.ts";

const TOKEN = /^lt_([0-9a-f]{16})_[A-Za-z0-9_-]{43}\n$/;
let program: Program;
let data: string;

beforeEach(async () => {
  program = await Program.prepare();
  data = join(program.directory, "data");
});

afterEach(async () => {
  await program.close();
});

/** As the first start of an engine leaves it. */
async function begin(): Promise<string> {
  const tokens = await openApiTokens({ dataDir: data });
  await tokens.ensureFirstToken();
  return tokens.list()[0]?.id ?? "";
}

const create = (...more: string[]) => program.token(["create", "--name", "Ann", "--scopes", "payouts:read", ...more]);

describe("a token command", () => {
  test("prints a token alone to standard output, once, and its id beside it", async () => {
    await begin();
    const made = await create();
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(TOKEN)]);
    const id = TOKEN.exec(made.stdout)?.[1] ?? "";
    expect(made.stderr).toBe(`made ${id} (Ann): payouts:read; printed only now\n`);
    const listed = await program.token(["list"]);
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(new RegExp(`^${id}  Ann +\\d{4}-\\d\\d-\\d\\dT\\S+Z  payouts:read$`, "m"));
    const stored = await readFile(join(data, "tokens.json"), "utf8");
    const hashes = [...stored.matchAll(/"sha256": "(\w+)"/g)].map(([, hash]) => hash ?? "");
    expect(hashes).toHaveLength(2);
    for (const secret of [...hashes, made.stdout.trim().slice(20)]) expect(listed.stdout).not.toContain(secret);
  });

  test("writes a token to a new file that only its owner may read, and to no file that is there", async () => {
    await begin();
    const path = join(program.directory, "ann");
    const made = await create("--out", path);
    expect([made.code, made.stdout]).toEqual([0, ""]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, "utf8");
    expect(text).toMatch(TOKEN);
    const again = await create("--out", path);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining(path)]);
    expect(await readFile(path, "utf8")).toBe(text);
    expect((await openApiTokens({ dataDir: data })).list()).toHaveLength(2);
  });

  test.each([
    ["no command", [], /say what to do/],
    ["an unknown command", ["show"], /no command show/],
    ["an unknown option", ["create", "--role", "x"], /--role/],
    ["an option of another command", ["list", "--force"], /--force/],
    ["a word too many", ["list", "all"], /unexpected all/],
    ["no name", ["create", "--scopes", "admin"], /--name/],
    ["a name that moves the cursor", ["create", "--name", "a\u009b2Jb", "--scopes", "admin"], /--name/],
    ["no scope", ["create", "--name", "x"], /at least one scope/],
    ["an empty name of a scope", ["create", "--name", "x", "--scopes", "payouts:read,"], /--scopes has an empty name/],
    ["an unknown scope", ["create", "--name", "x", "--scopes", "admin,payouts:pay"], /no scope payouts:pay\n/],
    ["no id", ["revoke"], /by its id/],
  ])("with %s ends with 2, the usage and the scopes, and changes nothing", async (_, args, reason) => {
    await begin();
    const before = await readFile(join(data, "tokens.json"), "utf8");
    const { code, stdout, stderr } = await program.token(args);
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(reason)]);
    expect(stderr).toContain("usage: npm run token");
    for (const scope of ["admin", ...SCOPES]) expect(stderr).toContain(scope);
    expect(await readFile(join(data, "tokens.json"), "utf8")).toBe(before);
  });

  test("ends with 0 and the usage when asked for help, and with 2 for a wrong environment", async () => {
    const help = await program.token(["create", "--help"]);
    expect([help.code, help.stdout]).toEqual([0, expect.stringMatching(/exit codes/)]);
    const wrong = await program.token(["list"], { SERVICE_PORT: "many" });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/SERVICE_PORT/)]);
  });

  test("ends with 3 in a directory where no engine was started, and makes nothing there", async () => {
    for (const args of [["list"], ["create", "--name", "x", "--scopes", "admin"]]) {
      const { code, stderr } = await program.token(args);
      expect([code, stderr]).toEqual([3, expect.stringMatching(/first start of the engine/)]);
    }
    expect(await readdir(program.directory)).toEqual([]);
  });

  test("ends with 3 for an unknown token and for the last one with scope admin, which goes by force", async () => {
    const first = await begin();
    const unknown = await program.token(["revoke", "0".repeat(16)]);
    expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringMatching(/no token 0000/)]);
    const last = await program.token(["revoke", first]);
    expect([last.code, last.stderr]).toEqual([3, expect.stringMatching(/last token with the scope admin/)]);
    expect((await program.token(["revoke", first, "--force"])).code).toBe(0);
    expect((await openApiTokens({ dataDir: data })).list()).toEqual([]);
  });

  test("leaves no file behind when the token was not made", async () => {
    await begin();
    await writeFile(join(data, "tokens.json"), "{");
    const path = join(program.directory, "ann");
    const made = await create("--out", path);
    expect([made.code, made.stderr]).toEqual([2, expect.stringMatching(/tokens\.json is damaged/)]);
    expect(await readdir(program.directory)).toEqual(["data"]);
  });
});

test("a second token approves what the first one ordered, and is refused once it is revoked, without a restart", async () => {
  await program.startEngine({ PAYOUT_APPROVAL_ABOVE_USDT: "50" });
  const payout = await program.api("POST", "/payouts", { wallet: "wal_treasury", to: ANN, amount: "60" });
  expect(payout.status).toBe("awaiting_approval");
  const decide = { payout_hash: payout.payout_hash };
  expect((await program.api("POST", `/payouts/${payout.id}/approve`, decide)).code).toBe("self_approval");

  const { stdout } = await program.token(["create", "--name", "Bob", "--scopes", "payouts:read,payouts:approve"]);
  const [, id = ""] = TOKEN.exec(stdout) ?? [];
  const bob = (method: string, path: string, body?: object) => program.api(method, path, body, stdout.trim());
  await until("the new token works", async () => (await bob("GET", `/payouts/${payout.id}`)).id === payout.id);
  expect((await bob("POST", "/payouts", { wallet: "wal_treasury", to: ANN, amount: "60" })).code).toBe("forbidden");
  expect((await bob("POST", `/payouts/${payout.id}/approve`, decide)).id).toBe(payout.id);
  await until("it is paid", async () => (await bob("GET", `/payouts/${payout.id}`)).status === "confirmed");

  expect((await program.token(["revoke", id])).code).toBe(0);
  await until("it is refused", async () => (await bob("GET", `/payouts/${payout.id}`)).code === "unauthenticated");
  expect((await program.api("GET", `/payouts/${payout.id}`)).status).toBe("confirmed");
});
