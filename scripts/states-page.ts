/** docs/states.md: the states of every machine and the public words for them, read from the machines. Pure. */
import type { AnyStateNode } from "xstate";
import { nodesOf } from "../src/actors/machine-tree.ts";
import { catalog, type CatalogEntry } from "../src/machines/catalog.ts";

/** What most readers look for comes first; machines that are not named follow. */
const KINDS = ["payout", "transaction", "payoutBatch", "wallet", "relay"];

export function statesPage(): string {
  const entries = [...KINDS, ...Object.keys(catalog).filter((kind) => !KINDS.includes(kind))].flatMap(
    (kind) => catalog[kind] ?? [],
  );
  return [
    "# States",
    "The API shows one public word per actor, `status`. Behind each word stand one or more states of a machine; a state " +
      "says in a sentence what it is (`status_text`) and what it waits for (`waiting_for`).",
    "This page is made from `src/machines` by `npm run docs`.",
    ...entries.map(section),
  ]
    .join("\n\n")
    .concat("\n");
}

function section(entry: CatalogEntry): string {
  const leaves = [...nodesOf(entry.machine.root)].filter((node) => Object.keys(node.states).length === 0);
  const rows = leaves.map((node) => {
    const { path, description = "" } = node;
    const cells = [`\`${path.join(".")}\``, `\`${tagOf(node)}\``, description, waitingOf(node), effectsOf(node)];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return [
    `## ${entry.kind}`,
    "",
    `Version ${entry.version}, service \`${entry.service}\`.`,
    "",
    "| state | status | what it is | waits for | effects |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** A state that has no word of its own has its parent's. */
function tagOf(node: AnyStateNode): string {
  const [tag] = node.tags;
  if (tag !== undefined) return tag;
  if (node.parent === undefined) throw new Error(`${node.id} has no public word`);
  return tagOf(node.parent);
}

function waitingOf(node: AnyStateNode): string {
  const meta: unknown = node.meta;
  const waitingFor = typeof meta === "object" && meta !== null && "waitingFor" in meta ? meta.waitingFor : undefined;
  if (typeof waitingFor !== "string") throw new Error(`${node.id} does not say what it waits for`);
  return waitingFor;
}

/** Work that the engine does while an actor is in the state, its own and that of the states around it. */
function effectsOf(node: AnyStateNode): string {
  const names: string[] = [];
  for (let at: AnyStateNode | undefined = node; at !== undefined; at = at.parent) {
    names.push(...at.invoke.map(({ src }) => `\`${typeof src === "string" ? src : "?"}\``));
  }
  return names.length === 0 ? "–" : names.join(" ");
}
