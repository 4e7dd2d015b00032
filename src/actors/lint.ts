/** Refuses, at start-up, whatever is not durable under pure transitions. See docs/adr/0003. */
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { durableActions } from "../machines/durable.ts";
import type { Catalog, CatalogEntry } from "../machines/catalog.ts";
import { XSTATE_ITERATIONS_MAX } from "../domain/limits.ts";
import { nodesOf } from "./machine-tree.ts";

/** The rest of XState's own actions act on living actors, hide other actions, or write to the console. */
const DURABLE_BUILT_INS = new Set(["xstate.assign", "xstate.raise", "xstate.emit", "xstate.cancel"]);

export function lintCatalog(catalog: Catalog): void {
  const problems = Object.values(catalog).flatMap((entry) =>
    problemsOf(entry).map((problem) => `${entry.kind}: ${problem}`),
  );
  if (problems.length > 0) throw new Error(`machines that are not durable:\n  ${problems.join("\n  ")}`);
}

export function problemsOf(entry: Pick<CatalogEntry, "machine">): string[] {
  const { machine } = entry;
  const invokeIds = new Map<string, number>();
  const problems: string[] = [];
  if (machine.options.maxIterations === undefined || machine.options.maxIterations > XSTATE_ITERATIONS_MAX)
    problems.push(`options.maxIterations must be ${XSTATE_ITERATIONS_MAX}: a cycle of "always" would stop the engine`);
  for (const node of nodesOf(machine.root)) {
    problems.push(
      ...actionProblems(machine, node),
      ...invokeProblems(node),
      ...timerProblems(machine, node),
      ...wordProblems(node),
    );
    for (const { id } of node.invoke) invokeIds.set(id, (invokeIds.get(id) ?? 0) + 1);
  }
  for (const [id, uses] of invokeIds) if (uses > 1) problems.push(`invoke id "${id}" is used ${uses} times`);
  return problems;
}

function transitionsOf(node: AnyStateNode) {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

function actionProblems(machine: AnyStateMachine, node: AnyStateNode): string[] {
  const actions = [...node.entry, ...node.exit, ...transitionsOf(node).flatMap((transition) => transition.actions)];
  return actions.flatMap((action) => {
    const named =
      typeof action === "object" && "type" in action ? action.type : typeof action === "string" ? action : undefined;
    const implementation: unknown = named === undefined ? action : machine.implementations.actions[named];
    return isDurable(implementation)
      ? []
      : [`${node.id}: action ${named ?? "(inline)"} would act inside the transition`];
  });
}

/** XState's built-in actions carry `resolve` and a type; ours are recognised by identity. */
function isDurable(implementation: unknown): boolean {
  if (implementation === durableActions.tell || implementation === durableActions.reply) return true;
  if (typeof implementation !== "function" || !("resolve" in implementation)) return false;
  return "type" in implementation && DURABLE_BUILT_INS.has(String(implementation.type));
}

function invokeProblems(node: AnyStateNode): string[] {
  return node.invoke.flatMap((invoke) =>
    typeof invoke.src !== "string" || invoke.src.startsWith("xstate") || invoke.id.includes(".")
      ? [`${node.id}: an invoke needs a named src and an explicit id without dots`]
      : [],
  );
}

function timerProblems(machine: AnyStateMachine, node: AnyStateNode): string[] {
  return node.after.flatMap(({ delay }) => {
    if (typeof delay === "number")
      return [`${node.id}: after ${delay} needs a named delay; the number would be baked into stored timers`];
    if (!(String(delay) in machine.implementations.delays))
      return [`${node.id}: delay "${String(delay)}" is not defined; XState would fire it at once`];
    return [];
  });
}

/** Every state explains itself, every transition says why; the API and the inspector show these words. */
function wordProblems(node: AnyStateNode): string[] {
  const problems: string[] = [];
  if (node.type === "history") problems.push(`${node.id}: history states do not survive a restart`);
  if (node.transitions.has("*")) problems.push(`${node.id}: a wildcard would swallow stale answers and timers`);
  const isRoot = node.parent === undefined;
  if (!isRoot && node.description === undefined) problems.push(`${node.id}: the state has no description`);
  const meta: unknown = node.meta;
  if (!isRoot && !(typeof meta === "object" && meta !== null && "waitingFor" in meta))
    problems.push(`${node.id}: the state does not say what it waits for`);
  for (const transition of transitionsOf(node)) {
    if (transition.description === undefined)
      problems.push(`${node.id}: a transition on ${transition.eventType} gives no reason`);
  }
  const isLeaf = Object.keys(node.states).length === 0;
  if (isLeaf && tagsOf(node).length !== 1)
    problems.push(`${node.id}: a state needs exactly one public status, has ${tagsOf(node).length}`);
  return problems;
}

function tagsOf(node: AnyStateNode): string[] {
  return [...node.tags, ...(node.parent === undefined ? [] : tagsOf(node.parent))];
}
