/** The documentation that follows from the source: error codes, states, configuration, rooms. Pure: text in, text out. */
import { core, rooms } from "../rooms.mjs";
import { ERRORS, isErrorCode } from "../src/domain/errors.ts";
import { ERROR_ADVICE } from "../src/http/error-advice.ts";
import { describeConfig, type Variable } from "../src/operations/config.ts";
import { INVARIANTS } from "../test/simulation/invariants.ts";
import { devnetEndpoints, devnetOptions } from "./devnet-page.ts";
import { statesPage } from "./states-page.ts";

/** Every file with a generated part, with its whole text as it should be. */
export function generatedFiles(read: (file: string) => string): [file: string, text: string][] {
  return [
    ["docs/errors.md", errorsPage()],
    ["docs/states.md", statesPage()],
    ["docs/devnet.md", devnetPage(read("docs/devnet.md"))],
    [".env.example", environmentExample()],
    ["README.md", replacePart(read("README.md"), "configuration", configurationTables())],
    ["ARCHITECTURE.md", replacePart(replacePart(read("ARCHITECTURE.md"), "rooms", roomsTable()), "audit", auditList())],
  ];
}

/** Replaces what stands between `<!-- name:start -->` and `<!-- name:end -->`. */
function replacePart(text: string, name: string, part: string): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [before, rest, ...more] = text.split(start);
  const [, after, ...others] = (rest ?? "").split(end);
  if (before === undefined || after === undefined || more.length + others.length > 0) {
    throw new Error(`exactly one ${start} … ${end} is needed`);
  }
  return `${before}${start}\n\n${part}\n\n${end}${after}`;
}

/** What the auditor of the simulation looks at. */
function auditList(): string {
  const rows = Object.entries(INVARIANTS).map(([name, text]) => {
    const [number = "", ...rest] = text.split(". ");
    return `| ${number} | ${name} | ${rest.join(". ")} |`;
  });
  return ["| | name | in every world |", "| --- | --- | --- |", ...rows].join("\n");
}

function devnetPage(text: string): string {
  return replacePart(replacePart(text, "options", devnetOptions()), "endpoints", devnetEndpoints());
}

function errorsPage(): string {
  const codes = Object.keys(ERRORS).filter(isErrorCode);
  const sections = codes.map((code) => {
    const { status, retryable, title } = ERRORS[code];
    const again = retryable ? "The same request may succeed later." : "The same request fails again.";
    return `## ${code}\n\n${title}. HTTP ${status}. ${again}\n\n${ERROR_ADVICE[code]}`;
  });
  return [
    "# Errors",
    "Every error has a code that is never reused. Programs branch on `code`; the text may change. Answers are " +
      "`application/problem+json` with `code`, `title`, `detail`, `retryable` and, where it helps, `evidence`.",
    "This page is made from `src/domain/errors.ts` and `src/http/error-advice.ts` by `npm run docs`. The engine shows it at `/docs/errors`.",
    ...sections,
  ]
    .join("\n\n")
    .concat("\n");
}

function configurationTables(): string {
  const variables = describeConfig();
  const groups = [...new Set(variables.map(({ group }) => group))];
  return groups
    .map((group) => {
      const rows = variables.filter((variable) => variable.group === group).map(configurationRow);
      return [`**${group}**`, "", "| variable | default | meaning |", "| --- | --- | --- |", ...rows].join("\n");
    })
    .join("\n\n");
}

function configurationRow({ name, defaultText, unit, secret, ignored, description, expected }: Variable): string {
  const value = defaultText === undefined ? "–" : `\`${defaultText}\`${unit === undefined ? "" : ` ${unit}`}`;
  const rule = expected === "a non-empty text" ? [] : [expected];
  const notes = ignored === undefined ? [...(secret ? ["secret"] : []), ...rule] : [`ignored: ${ignored}`];
  const meaning = notes.length === 0 ? description : `${description} (${notes.join("; ")})`;
  return `| \`${name}\` | ${value} | ${meaning.replaceAll("|", "\\|")} |`;
}

function environmentExample(): string {
  const variables = describeConfig().filter(({ ignored }) => ignored === undefined);
  const lines = variables.flatMap(({ name, group, defaultText, unit, description, expected }, index) => [
    ...(variables[index - 1]?.group === group ? [] : ["", `## ${group}`]),
    `# ${description}${unit === undefined ? "" : ` (${unit})`}: ${expected}`,
    `#${name}=${defaultText ?? ""}`,
  ]);
  return ["# Every variable with its default. Remove the # in front of a name to change it.", ...lines, ""].join("\n");
}

function roomsTable(): string {
  const rows = Object.entries(rooms).map(([room, { owns, may, packages }]) => {
    const words = (list: readonly string[]): string =>
      list.length === 0 ? "–" : list.map((word) => `\`${word}\``).join(" ");
    return `| \`${room}\`${core.includes(room) ? " (core)" : ""} | ${owns} | ${words(may)} | ${words(packages)} |`;
  });
  return ["| room | owns | may import | packages |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
