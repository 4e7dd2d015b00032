/** Actions, guards and effects of a machine as plain functions over one run. What is not durable cannot be translated. */
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { assert } from "../domain/assert.ts";
import type { Message } from "../domain/records.ts";
import { durableActions, type Reply, type TellParams } from "../machines/durable.ts";

/** What the functions of a machine are given. XState gives more, which acts on living actors; using it is a bug. */
class ContextArgs {
  context: unknown;

  constructor(context: unknown) {
    this.context = context;
  }

  get self(): never {
    throw new Error("a durable machine has no living self");
  }

  get system(): never {
    throw new Error("a durable machine has no living system");
  }

  get spawn(): never {
    throw new Error("a durable machine spawns nothing; it tells");
  }
}

export class Args extends ContextArgs {
  event: Message;

  constructor(context: unknown, event: Message) {
    super(context);
    this.event = event;
  }
}

/** An effect's input is not stored: after a restart it is made again, and then only the record is left. */
class InputArgs extends ContextArgs {
  get event(): never {
    throw new Error("an effect's input is made from the context alone");
  }
}

export type Effect = { readonly id: string; readonly source: string; readonly input: unknown };
export type Delayed = { readonly id: string | undefined; readonly delay: number; readonly event: Message };

/** What a machine asks for on its way; nothing of it happens inside the step. */
export interface Asks {
  startEffect(effect: Effect): void;
  stopEffect(id: string): void;
  setTimer(timer: Delayed): void;
  clearTimer(id: string): void;
  emit(event: Message): void;
  tell(params: TellParams): void;
  reply(reply: Reply): void;
}

/** One message on its way through a machine. */
export interface Run {
  readonly args: Args;
  readonly asks: Asks;
  /** The context is another from here on. */
  become(context: object): void;
  /** Taken by the machine itself within the same step. */
  raise(event: Message): void;
  start(effect: Effect): void;
  stop(id: string): void;
}

export type Act = (run: Run) => void;
export type Guard = (args: Args) => boolean;

type Fn = (args: Args, params?: unknown) => unknown;
type Given = (args: Args) => unknown;

const nothing: Given = () => undefined;

/** The first context of an actor, from what it was created with. */
export function contextOf(machine: AnyStateMachine): (input: unknown) => unknown {
  const context: unknown = machine.config.context;
  if (typeof context !== "function") return () => Object.assign({}, context);
  const make = context as (given: { input: unknown }) => object;
  return (input) => Object.assign({}, make({ input }));
}

export function actOf(machine: AnyStateMachine, action: unknown): Act {
  const { name, does, params } = resolved(action, machine.implementations.actions);
  if (does === durableActions.tell) return (run) => run.asks.tell(params(run.args) as TellParams);
  if (does === durableActions.reply) return (run) => run.asks.reply(params(run.args) as Reply);
  const builtIn = does as BuiltIn | undefined;
  switch (builtIn?.type) {
    case "xstate.assign": {
      const update = updateOf(builtIn.assignment);
      return (run) =>
        run.become({ ...(run.args.context as object), ...(update(run.args, params(run.args)) as object) });
    }
    case "xstate.raise":
      return raiseOf(machine, builtIn, params);
    case "xstate.emit": {
      const event = fnOf(builtIn.event);
      return (run) => run.asks.emit(event(run.args, params(run.args)) as Message);
    }
    case "xstate.cancel": {
      const id = fnOf(builtIn.sendId);
      return (run) => run.asks.clearTimer(id(run.args, params(run.args)) as string);
    }
    default:
      throw new Error(`action ${name} is not data; a durable machine cannot use it`);
  }
}

/** XState's actions carry what they were made from. */
type BuiltIn = {
  readonly type?: string;
  readonly assignment?: unknown;
  readonly event?: unknown;
  readonly sendId?: unknown;
  readonly id?: string;
  readonly delay?: unknown;
};

export function guardOf(machine: AnyStateMachine, guard: unknown): Guard | undefined {
  if (guard === undefined) return undefined;
  const { name, does, params } = resolved(guard, machine.implementations.guards);
  if (typeof does !== "function" || "check" in does)
    throw new Error(`guard ${name} is not a plain function; a durable machine cannot use it`);
  const test = does as Fn;
  return (args) => Boolean(test(args, params(args)));
}

type Invoke = AnyStateNode["invoke"][number];
/** What an effect takes, from the context of its actor. */
export type InputOf = (context: unknown) => unknown;

export function inputOf({ input }: Invoke): InputOf {
  const make = fnOf(input);
  return (context) => make(new InputArgs(context));
}

export function startOf(invoke: Invoke): Act {
  const { id, src } = invoke;
  assert(typeof src === "string", "XState names the logic of every invoke");
  const inputFor = inputOf(invoke);
  return (run) => run.start({ id, source: src, input: inputFor(run.args.context) });
}

export function stopOf({ id }: Invoke): Act {
  return (run) => run.stop(id);
}

/** Wherever XState takes a function, it takes a value too. */
function fnOf(value: unknown): Fn {
  return typeof value === "function" ? (value as Fn) : () => value;
}

/** Named in the configuration with or without parameters, or written in place. */
function resolved(thing: unknown, known: object): { name: string; does: unknown; params: Given } {
  if (typeof thing === "function") return { name: "(inline)", does: thing, params: nothing };
  const named = typeof thing === "string" ? { type: thing } : (thing as { type: string; params?: unknown });
  const does = (known as Readonly<Record<string, unknown>>)[named.type];
  return { name: named.type, does, params: "params" in named ? fnOf(named.params) : nothing };
}

function updateOf(assignment: unknown): Fn {
  if (typeof assignment === "function") return assignment as Fn;
  const fields = Object.entries(assignment as object).map(([name, value]) => [name, fnOf(value)] as const);
  return (args, params) => {
    const update: Record<string, unknown> = {};
    for (const [name, value] of fields) update[name] = value(args, params);
    return update;
  };
}

function raiseOf(machine: AnyStateMachine, { event, id, delay }: BuiltIn, params: Given): Act {
  const eventOf = fnOf(event);
  const delays: Readonly<Record<string, unknown>> = machine.implementations.delays;
  const delayOf = fnOf(typeof delay === "string" ? delays[delay] : delay);
  return (run) => {
    const given = params(run.args);
    const raised = eventOf(run.args, given) as Message;
    const after = delayOf(run.args, given);
    if (typeof after === "number") run.asks.setTimer({ id, delay: after, event: raised });
    else run.raise(raised);
  };
}
