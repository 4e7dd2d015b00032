/**
 * Makes, lists and revokes API tokens of a data directory, whether its engine runs or not: `node src/cli/token.ts`.
 * `--help` lists the commands and the exit codes.
 *
 * A token is printed to standard output alone, so that a script can take it; what is for people goes beside it.
 */
import { open, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { isFault } from "../domain/errors.ts";
import { loadConfig } from "../operations/config.ts";
import { openApiTokens, type ApiTokens, type IssuedToken } from "../security/api-tokens.ts";
import { Stop } from "./stop.ts";
import { EXIT, readCommand, USAGE, type TokenCommand } from "./token-options.ts";

type Wanted = Extract<TokenCommand, { verb: "create" }>;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const command = readCommand(args);
    if (command === undefined) process.stdout.write(USAGE);
    else await run(command, await openTokens(loadConfig(process.env).dataDir, command));
    return EXIT.ok;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    return exitCodeOf(error);
  }
}

async function run(command: TokenCommand, tokens: ApiTokens): Promise<void> {
  switch (command.verb) {
    case "create":
      return create(tokens, command);
    case "list":
      return list(tokens);
    case "revoke":
      return revoke(tokens, command);
  }
}

/** Only the engine begins a directory: with a wrong DATA_DIR, a token would be made that no engine knows. */
async function openTokens(dataDir: string, { verb }: TokenCommand): Promise<ApiTokens> {
  const path = join(dataDir, "tokens.json");
  const file = await stat(path).catch((error: unknown) => {
    throw new Stop(
      EXIT.refused,
      `no tokens in ${dataDir} (${reasonOf(error)}); the first start of the engine makes one`,
    );
  });
  if (verb !== "list" && process.geteuid?.() !== file.uid) {
    throw new Stop(
      EXIT.refused,
      `${path} belongs to user ${file.uid}: the engine could not read what another user wrote`,
    );
  }
  return openApiTokens({ dataDir, isBegun: true }).catch((error: unknown) => {
    throw isFault(error) ? error : new Stop(EXIT.refused, reasonOf(error));
  });
}

async function create(tokens: ApiTokens, wanted: Wanted): Promise<void> {
  const { token, principal } = wanted.out === undefined ? await tokens.create(wanted) : await keep(tokens, wanted);
  if (wanted.out === undefined) process.stdout.write(`${token}\n`);
  const place = wanted.out === undefined ? "printed only now" : `in ${wanted.out}`;
  process.stderr.write(`made ${principal.id} (${principal.name}): ${principal.scopes.join(", ")}; ${place}\n`);
}

/** The file is there before the token is made: one that nobody has ever seen is of no use. */
async function keep(tokens: ApiTokens, wanted: Wanted): Promise<IssuedToken> {
  const path = wanted.out ?? "";
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw new Stop(EXIT.usage, `cannot make ${path}: ${reasonOf(error)}`);
  });
  try {
    const issued = await tokens.create(wanted);
    await fill(file, issued.token).catch(async (error: unknown) => {
      await tokens.revoke(issued.principal.id, { force: true });
      throw error;
    });
    return issued;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function fill(file: FileHandle, token: string): Promise<void> {
  await file.writeFile(`${token}\n`);
  await file.sync();
}

function list(tokens: ApiTokens): void {
  const rows = tokens.list().map(({ id, name, scopes, createdAt }) => ({
    id,
    name,
    created: new Date(createdAt).toISOString(),
    scopes: scopes.join(","),
  }));
  const width = Math.max(4, ...rows.map(({ name }) => name.length));
  for (const { id, name, created, scopes } of [
    { id: "id", name: "name", created: "created", scopes: "scopes" },
    ...rows,
  ])
    process.stdout.write(`${id.padEnd(16)}  ${name.padEnd(width)}  ${created.padEnd(24)}  ${scopes}\n`);
}

async function revoke(tokens: ApiTokens, { id, force }: { id: string; force: boolean }): Promise<void> {
  switch (await tokens.revoke(id, { force })) {
    case "revoked":
      process.stderr.write(`revoked ${id}\n`);
      return;
    case "unknown":
      throw new Stop(EXIT.refused, `there is no token ${id}`);
    case "last admin":
      throw new Stop(EXIT.refused, `${id} is the last token with the scope admin: make another first, or add --force`);
  }
}

function explain(error: unknown): string {
  if (error instanceof Stop || isFault(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Stop) return error.exitCode;
  if (!isFault(error)) return EXIT.bug;
  return error.code === "store_locked" ? EXIT.refused : EXIT.usage;
}
