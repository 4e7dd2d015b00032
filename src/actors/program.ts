/**
 * A machine as tables: what XState works out anew at every transition, worked out once. XState stays the source of truth:
 * it reads the machine, and the tests compare every step with its own `transition`. See docs/adr/0013.
 *
 * P1. A machine is in one leaf; the path from the root to it is what is active. Parallel regions are refused (lint.ts).
 * P2. Ways are tried from the leaf outwards, in the order they are written; the first whose guard passes is taken.
 * P3. A way leaves the path down to the state that encloses source and target, acts, and enters the path to the target.
 */
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { assert } from "../domain/assert.ts";
import type { StateValue } from "../domain/records.ts";
import { actOf, contextOf, guardOf, inputOf, startOf, stopOf, type Act, type Guard, type InputOf } from "./acts.ts";
import { nodesOf } from "./machine-tree.ts";

export type Place = {
  /** 0 for the machine itself. */
  readonly depth: number;
  /** Entry actions, then its effects. */
  readonly entry: readonly Act[];
  readonly exit: readonly Act[];
  /** Ends its effects; after the exit actions. */
  readonly stops: readonly Act[];
};

export type Leaf = {
  readonly value: StateValue;
  readonly text: string;
  /** Public status word. */
  readonly tag: string;
  readonly isFinal: boolean;
  /** From the root to the leaf. */
  readonly path: readonly Place[];
  readonly outwards: readonly Place[];
  readonly on: ReadonlyMap<string, readonly Way[]>;
  readonly always: readonly Way[];
};

export type Way = {
  readonly guard: Guard | undefined;
  readonly acts: readonly Act[];
  /** Absent when only its actions count. `keep`: how much of the path stays, from the root. */
  readonly move: { readonly keep: number; readonly enter: readonly Place[]; readonly to: Leaf } | undefined;
  readonly reason: string | undefined;
};

export type Program = {
  readonly initial: Leaf;
  readonly iterationsMax: number;
  readonly contextOf: (input: unknown) => unknown;
  /** Of every effect, by its invoke id. */
  readonly inputs: ReadonlyMap<string, InputOf>;
  /** The leaf of a stored state; a state that became a group since continues at its beginning. */
  readonly leafOf: (value: StateValue) => Leaf;
};

const programs = new WeakMap<AnyStateMachine, Program>();

/** Throws what cannot be translated. Each machine is translated once. */
export function programOf(machine: AnyStateMachine): Program {
  const known = programs.get(machine);
  if (known !== undefined) return known;
  const program = new Compiler(machine).program();
  programs.set(machine, program);
  return program;
}

type Transition = AnyStateNode["transitions"] extends Map<string, (infer T)[]> ? T : never;
/** Filled when all leaves are known: ways lead from leaf to leaf. */
type OpenLeaf = Leaf & { readonly on: Map<string, Way[]>; readonly always: Way[] };

class Compiler {
  private readonly places = new Map<AnyStateNode, Place>();
  private readonly leaves = new Map<AnyStateNode, OpenLeaf>();
  private readonly ways = new Map<Transition, Way>();
  private readonly machine: AnyStateMachine;

  constructor(machine: AnyStateMachine) {
    this.machine = machine;
  }

  program(): Program {
    const { machine } = this;
    const nodes = nodesOf(machine.root);
    const known = new Map<StateValue, Leaf>();
    for (const node of nodes) this.places.set(node, this.place(node));
    for (const node of nodes) if (isLeaf(node)) this.leaves.set(node, this.leaf(node));
    for (const [node, leaf] of this.leaves) {
      this.connect(node, leaf);
      known.set(leaf.value, leaf);
    }
    return {
      initial: this.leafBelow(machine.root),
      iterationsMax: Number(machine.options.maxIterations),
      contextOf: contextOf(machine),
      inputs: new Map(nodes.flatMap(({ invoke }) => invoke.map((each) => [each.id, inputOf(each)] as const))),
      // A record made here holds the value of its leaf itself; one from disk holds an equal one.
      leafOf: (value) => known.get(value) ?? this.leafBelow(nodeAt(machine.root, value)),
    };
  }

  private place(node: AnyStateNode): Place {
    const acts = (actions: readonly unknown[]) => actions.map((action) => actOf(this.machine, action));
    return {
      depth: node.path.length,
      entry: [...acts(node.entry), ...node.invoke.map(startOf)],
      exit: acts(node.exit),
      stops: node.invoke.map(stopOf),
    };
  }

  private leaf(node: AnyStateNode): OpenLeaf {
    const nodes = pathOf(node);
    assert(node.type !== "final" || nodes.length === 2, `${node.id}: only the machine as a whole ends`);
    const text = node.path.join(".");
    const path = nodes.map((each) => this.placeOf(each));
    return {
      value: valueOf(node.path),
      text,
      tag: nodes.flatMap(({ tags }) => tags)[0] ?? text,
      isFinal: node.type === "final",
      path,
      outwards: path.toReversed(),
      on: new Map(),
      always: [],
    };
  }

  private connect(node: AnyStateNode, leaf: OpenLeaf): void {
    for (const each of pathOf(node).toReversed()) {
      for (const [type, transitions] of each.transitions) {
        const ways = transitions.map((transition) => this.way(transition));
        leaf.on.set(type, [...(leaf.on.get(type) ?? []), ...ways]);
      }
      leaf.always.push(...(each.always ?? []).map((transition) => this.way(transition)));
    }
  }

  private way(transition: Transition): Way {
    const known = this.ways.get(transition);
    if (known !== undefined) return known;
    const { guard, actions, source, target, description } = transition;
    const way: Way = {
      guard: guardOf(this.machine, guard),
      acts: actions.map((action) => actOf(this.machine, action)),
      move: target === undefined ? undefined : this.move(source, target, transition.reenter),
      reason: description,
    };
    this.ways.set(transition, way);
    return way;
  }

  /** P3. A way into its own source, or to somewhere in it, does not leave the source unless it says `reenter`. */
  private move(source: AnyStateNode, targets: readonly AnyStateNode[], reenter: boolean): Way["move"] {
    const [target] = targets;
    assert(target?.parent !== undefined && targets.length === 1, `${source.id}: a way leads to one state`);
    const from = pathOf(source);
    const to = pathOf(target);
    const common = to.findIndex((node, depth) => node !== from[depth]);
    const isInside = from.every((node, depth) => node === to[depth]);
    const shared = common === -1 ? to.length : common;
    const keep = isInside && !reenter ? from.length : Math.min(shared, from.length - 1, to.length - 1);
    const enter = pathOf(this.nodeBelow(target)).slice(keep);
    return { keep, enter: enter.map((node) => this.placeOf(node)), to: this.leafBelow(target) };
  }

  private nodeBelow(node: AnyStateNode): AnyStateNode {
    const first = node.type === "compound" ? node.initial.target[0] : undefined;
    return first === undefined ? node : this.nodeBelow(first);
  }

  private leafBelow(node: AnyStateNode): Leaf {
    const leaf = this.leaves.get(this.nodeBelow(node));
    assert(leaf !== undefined, `${node.id}: parallel states have no place here`);
    return leaf;
  }

  private placeOf(node: AnyStateNode): Place {
    const place = this.places.get(node);
    assert(place !== undefined, "every state of the machine has a place");
    return place;
  }
}

function isLeaf({ type }: AnyStateNode): boolean {
  return type === "atomic" || type === "final";
}

/** From the root to the node. */
function pathOf(node: AnyStateNode): AnyStateNode[] {
  return node.parent === undefined ? [node] : [...pathOf(node.parent), node];
}

/** ["onWire", "pending"] -> { onWire: "pending" } */
function valueOf([first = "", ...rest]: readonly string[]): StateValue {
  return rest.length === 0 ? first : { [first]: valueOf(rest) };
}

function nodeAt(node: AnyStateNode, value: StateValue): AnyStateNode {
  if (typeof value === "string") return childOf(node, value);
  let at = node;
  for (const [key, inner] of Object.entries(value)) at = nodeAt(childOf(node, key), inner);
  return at;
}

function childOf(node: AnyStateNode, key: string): AnyStateNode {
  const child = node.states[key];
  if (child === undefined) throw new Error(`state ${key} does not exist in ${node.id}`);
  return child;
}
