/** What a state means in words, read from the machine itself; so the words of the API cannot differ from the machine. */
import type { ActorRecord, StateValue } from "../domain/records.ts";
import type { Catalog, CatalogEntry } from "../machines/catalog.ts";

type Node = CatalogEntry["machine"]["root"];

export type StateWords = {
  /** "onWire.pending" */
  readonly state: string;
  readonly description: string;
  readonly waitingFor: string;
};

export class MachineWords {
  readonly #catalog: Catalog;
  readonly #known = new Map<string, StateWords>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  of({ kind, state }: Pick<ActorRecord, "kind" | "state">): StateWords {
    const text = stateText(state);
    const key = `${kind} ${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const words = { state: text, ...describe(this.#catalog[kind]?.machine.root, text.split(".")) };
    this.#known.set(key, words);
    return words;
  }
}

/** "active", "onWire.pending"; parallel regions are joined by "|". */
export function stateText(value: StateValue): string {
  if (typeof value === "string") return value;
  return Object.entries(value)
    .map(([key, child]) => `${key}.${stateText(child)}`)
    .join("|");
}

export function waitingForOf(node: Node): string | undefined {
  const meta: unknown = node.meta;
  if (typeof meta !== "object" || meta === null || !("waitingFor" in meta)) return undefined;
  return typeof meta.waitingFor === "string" ? meta.waitingFor : undefined;
}

/** The innermost words win. */
function describe(root: Node | undefined, path: readonly string[]): { description: string; waitingFor: string } {
  let description = "";
  let waitingFor = "";
  let node = root;
  for (const key of path) {
    node = node?.states[key];
    description = node?.description ?? description;
    waitingFor = (node === undefined ? undefined : waitingForOf(node)) ?? waitingFor;
  }
  return { description, waitingFor };
}
