/** Refuses, at start-up, whatever is not durable under pure transitions. See docs/adr/0003. */
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { durableActions } from "../machines/durable.ts";
import type { Catalog, CatalogEntry } from "../machines/catalog.ts";
import { XSTATE_ITERATIONS_MAX } from "../domain/limits.ts";
import { guardOf } from "./acts.ts";
import { nodesOf } from "./machine-tree.ts";
import { programOf } from "./program.ts";

/** The rest of XState's own actions act on living actors, hide other actions, or write to the console. */
const DURABLE_BUILT_INS = new Set(["xstate.assign", "xstate.raise", "xstate.emit", "xstate.cancel"]);

export function lintCatalog(catalog: Catalog): void {
  const problems = Object.values(catalog).flatMap((entry) =>
    problemsOf(entry).map((problem) => `${entry.kind}: ${problem}`),
  );
  if (problems.length > 0) throw new Error(`machines that are not durable:\n  ${problems.join("\n  ")}`);
  // Whatever this lint overlooks and the translation cannot do stops the start, not the first payment.
  for (const { machine } of Object.values(catalog)) programOf(machine);
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
      ...shapeProblems(node),
      ...wayProblems(machine, node),
      ...invokeProblems(machine, node),
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

function actionsOf(node: AnyStateNode) {
  return [...node.entry, ...node.exit, ...transitionsOf(node).flatMap((transition) => transition.actions)];
}

function actionProblems(machine: AnyStateMachine, node: AnyStateNode): string[] {
  return actionsOf(node).flatMap((action) => {
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

/** One path of states is active, and states do nothing but what their actions and effects say (program.ts). */
function shapeProblems(node: AnyStateNode): string[] {
  const problems: string[] = [];
  if (node.type === "history") problems.push(`${node.id}: history states do not survive a restart`);
  if (node.type === "parallel") problems.push(`${node.id}: parallel states would need a record each`);
  if (node.type === "final" && node.parent?.parent !== undefined)
    problems.push(`${node.id}: only the machine as a whole can end`);
  if (node.type === "compound" && node.initial.actions.length > 0)
    problems.push(`${node.id}: put the actions of the initial transition into the entry of its target`);
  if (node.output !== undefined) problems.push(`${node.id}: an output would go to nobody`);
  if ("route" in node.config) problems.push(`${node.id}: a route is no message`);
  if ([...node.transitions.keys()].some((type) => type.includes("*")))
    problems.push(`${node.id}: a wildcard would swallow stale answers and timers`);
  return problems;
}

function wayProblems(machine: AnyStateMachine, node: AnyStateNode): string[] {
  return transitionsOf(node).flatMap(({ target, guard, eventType }) => {
    const problems: string[] = [];
    if (target !== undefined && (target.length !== 1 || target[0]?.parent === undefined))
      problems.push(`${node.id}: a transition on ${eventType} needs one state as its target`);
    if (!isPlainGuard(machine, guard))
      problems.push(`${node.id}: the guard of a transition on ${eventType} is not a plain function`);
    return problems;
  });
}

function isPlainGuard(machine: AnyStateMachine, guard: unknown): boolean {
  try {
    guardOf(machine, guard);
    return true;
  } catch {
    return false;
  }
}

function invokeProblems(machine: AnyStateMachine, node: AnyStateNode): string[] {
  return node.invoke.flatMap((invoke) => {
    if (typeof invoke.src !== "string" || invoke.src.startsWith("xstate") || invoke.id.includes("."))
      return [`${node.id}: an invoke needs a named src and an explicit id without dots`];
    const problems: string[] = [];
    if (!(invoke.src in machine.implementations.actors))
      problems.push(`${node.id}: the effect "${invoke.src}" is not defined`);
    if (invoke.systemId !== undefined || invoke.onSnapshot !== undefined)
      problems.push(`${node.id}: the effect "${invoke.id}" is no living actor; it has no systemId and no snapshots`);
    return problems;
  });
}

function timerProblems(machine: AnyStateMachine, node: AnyStateNode): string[] {
  const isDefined = (delay: unknown) => String(delay) in machine.implementations.delays;
  const numeric = node.after.flatMap(({ delay }) =>
    typeof delay === "number"
      ? [`${node.id}: after ${delay} needs a named delay; the number would be baked into stored timers`]
      : [],
  );
  // XState makes an action of each `after` too.
  const undefinedOnes = new Set(
    actionsOf(node).flatMap((action) => {
      const delay: unknown = typeof action === "function" && "delay" in action ? action.delay : undefined;
      return typeof delay === "string" && !isDefined(delay) ? [delay] : [];
    }),
  );
  return [
    ...numeric,
    ...[...undefinedOnes].map((delay) => `${node.id}: delay "${delay}" is not defined; XState would fire it at once`),
  ];
}

/** Every state explains itself, every transition says why; the API and the inspector show these words. */
function wordProblems(node: AnyStateNode): string[] {
  const problems: string[] = [];
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
