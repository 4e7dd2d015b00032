/** What XState itself makes of a message, and what the product's program makes of it, in the same words. */
import { createActor, type AnyMachineSnapshot, type AnyStateMachine } from "xstate";
import type { Asks } from "../../src/actors/acts.ts";
import { programOf } from "../../src/actors/program.ts";
import { Walk } from "../../src/actors/walk.ts";
import { textOf } from "./kernel.ts";
import type { ActorRecord, Message, StateValue } from "../../src/domain/records.ts";

type Asked = readonly [what: string, ...about: unknown[]];
export type Made =
  | {
      readonly state: StateValue;
      readonly context: unknown;
      readonly isOver: boolean;
      readonly tag: string;
      readonly isTouched: boolean;
      readonly asked: readonly Asked[];
      readonly reasons: readonly string[];
    }
  | { readonly threw: true };

/** Both at once, from birth or from a stored record on. A step that throws leaves both where they were. */
export class Twins {
  private readonly machine: AnyStateMachine;
  private snapshot: AnyMachineSnapshot | undefined;
  private ours: Pick<ActorRecord, "state" | "context"> | undefined;

  constructor(machine: AnyStateMachine, record?: ActorRecord) {
    this.machine = machine;
    this.ours = record;
    if (record === undefined) return;
    const { state, context, effects } = record;
    const children = Object.fromEntries(Object.keys(effects).map((id) => [id, { id }]));
    const snapshot = machine.resolveState({ value: state, context }) as AnyMachineSnapshot;
    this.snapshot = Object.assign({}, snapshot, { children });
  }

  born(input: unknown): { xstate: Made; ours: Made } {
    const program = programOf(this.machine);
    const xstate = guarded(() => {
      const scope = scopeOf(this.machine);
      this.snapshot = this.machine.getInitialSnapshot(scope.actorScope, input) as AnyMachineSnapshot;
      if (this.snapshot.status === "error") throw this.snapshot.error;
      return madeOf(this.snapshot, { ...scope, isTouched: true });
    });
    const ours = guarded(() => {
      const asked: Asked[] = [];
      const event = { type: "xstate.init", input };
      const walk = new Walk(program, { leaf: program.initial, context: program.contextOf(input), event }, notes(asked));
      walk.begin();
      return this.keep(walk, asked);
    });
    return { xstate, ours };
  }

  send(event: Message): { xstate: Made; ours: Made } {
    const { machine, snapshot: before, ours: from } = this;
    if (before === undefined || from === undefined) throw new Error("not born");
    const xstate = guarded(() => {
      const scope = scopeOf(machine);
      const next = machine.transition(before, event, scope.actorScope) as AnyMachineSnapshot;
      if (next.status === "error") throw next.error;
      this.snapshot = next;
      return madeOf(next, { ...scope, isTouched: next !== before || scope.actions.length > 0 });
    });
    const ours = guarded(() => {
      const asked: Asked[] = [];
      const program = programOf(machine);
      const walk = new Walk(program, { leaf: program.leafOf(from.state), context: from.context, event }, notes(asked));
      walk.go();
      return this.keep(walk, asked);
    });
    return { xstate, ours };
  }

  private keep(walk: Walk, asked: readonly Asked[]): Made {
    const { leaf, args, isOver, isTouched, reasons } = walk;
    this.ours = { state: leaf.value, context: args.context };
    return { state: leaf.value, context: args.context, isOver, tag: leaf.tag, isTouched, asked, reasons };
  }
}

function guarded(make: () => Made): Made {
  try {
    return make();
  } catch {
    return { threw: true };
  }
}

function notes(asked: Asked[]): Asks {
  return {
    startEffect: ({ id, source, input }) => void asked.push(["start", id, source, input]),
    stopEffect: (id) => void asked.push(["stop", id]),
    setTimer: ({ id, delay, event }) => void asked.push(["timer", id, delay, event]),
    clearTimer: (id) => void asked.push(["clear", id]),
    emit: (event) => void asked.push(["emit", event]),
    tell: (params) => void asked.push(["tell", params]),
    reply: (reply) => void asked.push(["reply", reply]),
  };
}

type Action = { readonly type: string; readonly params: unknown };
type Seen = { readonly actions: readonly Action[]; readonly reasons: readonly string[]; readonly isTouched: boolean };

function madeOf(snapshot: AnyMachineSnapshot, { actions, reasons, isTouched }: Seen): Made {
  return {
    state: snapshot.value as StateValue,
    context: snapshot.context,
    isOver: snapshot.status === "done",
    tag: [...snapshot.tags][0] ?? textOf(snapshot.value as StateValue),
    isTouched,
    asked: actions.flatMap(askedOf),
    reasons,
  };
}

function askedOf({ type, params }: Action): Asked[] {
  const p = params as Record<string, unknown>;
  switch (type) {
    case "xstate.spawnChild":
      return [["start", p["id"], p["src"], p["input"]]];
    case "xstate.stopChild":
      return [["stop", p["id"]]];
    case "xstate.raise":
      // One without a delay was taken within the step.
      return typeof p["delay"] === "number" ? [["timer", p["id"], p["delay"], p["event"]]] : [];
    case "xstate.cancel":
      return [["clear", p["sendId"]]];
    case "xstate.emit":
      return [["emit", p["event"]]];
    default:
      return [[type, params]];
  }
}

/** A scope that does nothing but write down; its system also says which transitions were taken. */
function scopeOf(machine: AnyStateMachine) {
  const actions: Action[] = [];
  const reasons: string[] = [];
  const self = createActor(machine);
  const inspected = (event: { type: string; _transitions?: readonly { description?: string }[] }) => {
    for (const { description } of event._transitions ?? []) if (description !== undefined) reasons.push(description);
  };
  const inert = () => {};
  const actorScope = {
    self,
    system: Object.assign(Object.create(self.system) as object, { _sendInspectionEvent: inspected }),
    id: "",
    sessionId: "",
    logger: inert,
    defer: inert,
    stopChild: inert,
    emit: inert,
    actionExecutor: (action: Action) => void actions.push(action),
  } as unknown as Parameters<AnyStateMachine["transition"]>[2];
  return { actorScope, actions, reasons };
}
