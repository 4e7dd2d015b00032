import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { isGrant, SCOPES, type Grant } from "../security/access.ts";
import { Stop } from "./stop.ts";

export const USAGE = `usage: npm run token -- create --name <name> --scopes <scope,scope> [--out <file>]
       npm run token -- list
       npm run token -- revoke <id> [--force]

  create            makes a token and prints it, once; nobody can read it again
    --name <name>   who holds it: one token for each person and each program
    --scopes <list> what it may do, separated by commas; admin stands for every scope
    --out <file>    writes it to a new file that only you may read, instead of printing it
  list              id, name, scopes and time of every token
  revoke <id>       takes a token away
    --force         even the last one with the scope admin

A running engine notices within about a second; it need not be restarted.

scopes: admin,
  ${inLines(SCOPES, 5)}

environment: DATA_DIR, as for the engine

exit codes
  0  done
  1  an error that should not happen
  2  the command or the configuration is wrong
  3  refused; nothing was changed
`;

export const EXIT = { ok: 0, bug: 1, usage: 2, refused: 3 } as const;

export type TokenCommand =
  | {
      readonly verb: "create";
      readonly name: string;
      readonly scopes: readonly Grant[];
      readonly out: string | undefined;
    }
  | { readonly verb: "list" }
  | { readonly verb: "revoke"; readonly id: string; readonly force: boolean };

const OPTIONS = {
  create: { name: { type: "string" }, scopes: { type: "string" }, out: { type: "string" } },
  list: {},
  revoke: { force: { type: "boolean" } },
} as const satisfies Record<TokenCommand["verb"], ParseArgsOptionsConfig>;

/** Nothing that could move the cursor, hide itself or end a line of the list. */
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u;

/** Throws `Stop` for anything that is not in the usage; `undefined` when help was asked for. */
export function readCommand(args: readonly string[]): TokenCommand | undefined {
  if (args.some((arg) => arg === "--help" || arg === "-h")) return undefined;
  const [verb, ...rest] = args;
  switch (verb) {
    case "create":
      return readCreate(rest);
    case "list":
      parse(rest, { options: OPTIONS.list, positionals: 0 });
      return { verb };
    case "revoke":
      return readRevoke(rest);
    default:
      throw wrong(verb === undefined ? "say what to do" : `there is no command ${verb}`);
  }
}

function readCreate(args: readonly string[]): TokenCommand {
  const { values } = parse(args, { options: OPTIONS.create, positionals: 0 });
  const name = values.name?.trim() ?? "";
  if (!NAME.test(name)) throw wrong("--name takes 1 to 100 printable characters");
  const scopes = [...new Set((values.scopes ?? "").split(",").map((scope) => scope.trim()))];
  if (scopes.every((scope) => scope === "")) throw wrong("--scopes takes at least one scope");
  if (scopes.includes("")) throw wrong("--scopes has an empty name: a comma too many");
  const unknown = scopes.filter((scope) => !isGrant(scope));
  if (unknown.length > 0) throw wrong(`there is no scope ${unknown.join(", ")}`);
  return { verb: "create", name, scopes: scopes.filter(isGrant), out: values.out };
}

function readRevoke(args: readonly string[]): TokenCommand {
  const { values, positionals } = parse(args, { options: OPTIONS.revoke, positionals: 1 });
  const [id = ""] = positionals;
  if (!/^[0-9a-f]{16}$/.test(id)) throw wrong("name the token by its id of 16 characters, see: npm run token -- list");
  return { verb: "revoke", id, force: values.force === true };
}

function parse<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  allowed: { options: T; positionals: number },
) {
  const read = parseOrStop(args, allowed.options);
  if (read.positionals.length > allowed.positionals) throw wrong(`unexpected ${read.positionals.join(" ")}`);
  return read;
}

function parseOrStop<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

function wrong(message: string): Stop {
  return new Stop(EXIT.usage, `${message}\n\n${USAGE}`);
}

function inLines(words: readonly string[], perLine: number): string {
  const lines = Array.from({ length: Math.ceil(words.length / perLine) }, (_, line) =>
    words.slice(line * perLine, (line + 1) * perLine).join(", "),
  );
  return lines.join(",\n  ");
}
