/** The parts of docs/devnet.md that follow from the devnet's own tables. */
import { ACCOUNT_ROUTES } from "../src/devnet/http/admin/accounts-door.ts";
import { CONTROL_ROUTES } from "../src/devnet/http/admin/control-routes.ts";
import { ROUTES } from "../src/devnet/http/routes.ts";
import { TRE_METHODS } from "../src/devnet/http/tre/tre-door.ts";
import { V1_ROUTES } from "../src/devnet/http/v1/v1-door.ts";
import { OPTIONS } from "../src/devnet/options.ts";

export function devnetOptions(): string {
  const rows = OPTIONS.map(({ flag, takes, env, absent, meaning }) => [
    `\`--${flag}\` ${takes}`,
    env.map((name) => `\`${name}\``).join(" "),
    absent,
    meaning,
  ]);
  return table(["option", "environment", "default", "meaning"], rows);
}

export function devnetEndpoints(): string {
  return [
    `**A node's own API**, ${Object.keys(ROUTES).length} names below \`/wallet\``,
    table(["name", "GET", "also below `/walletsolidity`"], nodeRows()),
    [
      "Names beginning in `exchange` answer that Bancor exchanges are not supported, those in `market` that the committee",
      "has not opened markets; lists of both are empty. Keys and proofs of shielded transfers are not allowed, balances",
      "of past blocks are not kept, and `/monitor/getstatsinfo` is unavailable (404), as on a node configured so.",
      "`/monitor/getnodeinfo` and `/net/listnodes` answer as below `/wallet`.",
    ].join(" "),
    "**History**, as TronGrid has it; GET",
    table(
      ["path", "what it answers"],
      V1_ROUTES.map(({ path, does }) => [`\`${path}\``, does]),
    ),
    "**Accounts**, as the quickstart images have it; GET",
    table(
      ["path", "what it does"],
      ACCOUNT_ROUTES.map(({ path, does }) => [`\`${path}\``, does]),
    ),
    "**JSON-RPC** at `/tre`, as the TronBox runtime image has it; POST",
    table(
      ["method", "parameters and effect"],
      Object.entries(TRE_METHODS).map(([name, does]) => [`\`${name}\``, does]),
    ),
    "**Control**, from this machine only",
    table(
      ["method and path", "what it does", "takes"],
      CONTROL_ROUTES.map(({ method, path, does, takes }) => [`${method} \`/admin/devnet${path}\``, does, takes]),
    ),
  ].join("\n\n");
}

function nodeRows(): string[][] {
  const get = { both: "the same as POST", empty: "200 and nothing", post: "405" };
  return Object.entries(ROUTES)
    .toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map(([name, { methods, solidity }]) => [`\`${name}\``, get[methods], solidity ? "yes" : "–"]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
