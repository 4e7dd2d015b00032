/** What states and transitions mean in words, read from the machines themselves; so the API cannot say anything else. */
import type { ActorRecord, JournalEntry, StateValue } from "../domain/records.ts";
import type { Catalog, CatalogEntry } from "../machines/catalog.ts";

type Node = CatalogEntry["machine"]["root"];
type Transition = NonNullable<ReturnType<Node["transitions"]["get"]>>[number];

export type StateWords = {
  /** "onWire.pending" */
  readonly state: string;
  readonly description: string;
  readonly waitingFor: string;
};

/** Owns a cache that is bounded by the states of the machines. */
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
    const words = { state: text, ...describe(this.#catalog[kind]?.machine.root, text) };
    this.#known.set(key, words);
    return words;
  }

  /** Why a journalled step went where it went. */
  reasonOf(
    kind: string,
    { from, to, event, reason }: Pick<JournalEntry, "from" | "to" | "event" | "reason">,
  ): string | null {
    if (reason !== undefined) return reason;
    if (from === "") return "the actor began";
    const candidates = pathTo(this.#catalog[kind]?.machine.root, from)
      .toReversed()
      .flatMap((node) => node.transitions.get(event.type) ?? []);
    const fitting =
      candidates.find((transition) => leadsTo(transition, { from, to })) ??
      candidates.find(({ target }) => target !== undefined);
    return fitting?.description ?? candidates[0]?.description ?? null;
  }
}

/** "active", "onWire.pending"; parallel regions are joined by "|". */
export function stateText(value: StateValue): string {
  if (typeof value === "string") return value;
  return Object.entries(value)
    .map(([key, child]) => `${key}.${stateText(child)}`)
    .join("|");
}

/** A machine as a list of its states, outermost first. */
export function machineView({ kind, version, service, machine }: CatalogEntry) {
  return { kind, version, service, initial: stateOf(machine.root.initial.target?.[0]), states: statesOf(machine.root) };
}

function statesOf(root: Node) {
  return Object.values(root.states)
    .flatMap((child) => [child, ...descendants(child)])
    .map((node) => ({
      state: stateOf(node),
      type: node.type,
      description: node.description ?? "",
      waiting_for: waitingForOf(node) ?? "",
      status: node.tags[0] ?? null,
      effects: node.invoke.map(({ id, src }) => ({ id, source: typeof src === "string" ? src : id })),
      transitions: [...node.transitions.values(), ...(node.always === undefined ? [] : [node.always])]
        .flat()
        .map(transitionView),
    }));
}

function transitionView({ eventType, target, guard, description }: Transition) {
  const event: unknown = eventType;
  return {
    event: typeof event === "string" && event !== "" ? event : "always",
    target: target === undefined ? null : stateOf(target[0]),
    guard: typeof guard === "string" ? guard : null,
    reason: description ?? "",
  };
}

function descendants(node: Node): Node[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendants(child)]);
}

function stateOf(node: Node | undefined): string {
  return node === undefined ? "" : node.path.join(".");
}

function waitingForOf(node: Node): string | undefined {
  const meta: unknown = node.meta;
  if (typeof meta !== "object" || meta === null || !("waitingFor" in meta)) return undefined;
  return typeof meta.waitingFor === "string" ? meta.waitingFor : undefined;
}

/** The innermost words win. */
function describe(root: Node | undefined, state: string): { description: string; waitingFor: string } {
  let description = "";
  let waitingFor = "";
  for (const node of pathTo(root, state)) {
    description = node.description ?? description;
    waitingFor = waitingForOf(node) ?? waitingFor;
  }
  return { description, waitingFor };
}

/** The nodes of a state from the outermost to the innermost. */
function pathTo(root: Node | undefined, state: string): Node[] {
  const path: Node[] = root === undefined ? [] : [root];
  for (const key of state.split(".")) {
    const child = path.at(-1)?.states[key];
    if (child === undefined) break;
    path.push(child);
  }
  return path;
}

function leadsTo({ target }: Transition, { from, to }: { from: string; to: string }): boolean {
  if (target === undefined) return from === to;
  const state = stateOf(target[0]);
  return to === state || to.startsWith(`${state}.`);
}
