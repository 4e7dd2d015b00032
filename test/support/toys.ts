/** A small machine that does, when told, everything that a durable machine can do; and an engine that runs it. */
import { Type } from "typebox";
import { assign, emit, raise, setup } from "xstate";
import type { EffectContext, EffectTable } from "../../src/actors/dispatcher.ts";
import { refuse } from "../../src/domain/errors.ts";
import { XSTATE_ITERATIONS_MAX } from "../../src/domain/limits.ts";
import type { ActorAddress, ActorRecord, Message } from "../../src/domain/records.ts";
import type { Catalog, CatalogEntry } from "../../src/machines/catalog.ts";
import { durableActions, effect, subscription, type Tell } from "../../src/machines/durable.ts";
import type { EngineAnswer, EngineRequest } from "../../src/supervisor/facade.ts";
import { startRig, type Rig, type RigOptions } from "./engine.ts";

export type ToyContext = { seen: string[]; given?: unknown };
type ToyInput = Partial<ToyContext> & { bad?: boolean };
type ToyEvent =
  | { type: "toy.add"; name: string }
  | { type: "toy.refuse" }
  | { type: "toy.poison"; name: string }
  | { type: "toy.tell"; tells: Tell[] }
  | { type: "toy.tellOdd"; to: ActorAddress; create?: boolean }
  | { type: "toy.work"; input?: unknown }
  | { type: "toy.workElsewhere" }
  | { type: "toy.deafWork" }
  | { type: "toy.listen" }
  | { type: "toy.wait" }
  | { type: "toy.back" }
  | { type: "toy.passThrough" }
  | { type: "toy.shout" }
  | { type: "toy.shoutOdd" }
  | { type: "toy.raise" }
  | { type: "toy.nameless" }
  | { type: "toy.later" }
  | { type: "toy.end" };

const words = (tag: string) => ({ tags: tag, description: tag, meta: { waitingFor: tag } });
const because = (description: string) => ({ description });
const note = (name: (event: ToyEvent) => string) =>
  assign<ToyContext, ToyEvent, undefined, ToyEvent, never>(({ context, event }) => ({
    seen: [...context.seen, name(event)],
  }));

const give = assign<ToyContext, ToyEvent, undefined, ToyEvent, never>(({ event }) => ({
  given: ("input" in event ? event.input : undefined) ?? {},
}));
const tellsOf = ({ event }: { event: ToyEvent }) => ("tells" in event ? event.tells : undefined);

function oddTell({ to, create = false }: { to: ActorAddress; create?: boolean }): Tell {
  return create ? { to, create: { odd: Number.NaN } } : { to, message: { type: "toy.add", name: 1n } };
}

const typed = <T>(): T => ({}) as T;

/** `isPoisonous` makes toy.poison throw; without it the message is as good as toy.add. */
export function toyMachine(isPoisonous: () => boolean = () => true) {
  return setup({
    types: typed<{ context: ToyContext; events: ToyEvent; input: ToyInput }>(),
    actors: {
      work: effect<unknown, string>(),
      workElsewhere: effect<unknown, string>(),
      listen: subscription<unknown>(),
    },
    actions: { ...durableActions },
    delays: { pause: 1_000 },
  }).createMachine({
    id: "toy",
    options: { maxIterations: XSTATE_ITERATIONS_MAX },
    initial: "idle",
    context: ({ input }) => {
      if (input.bad === true) throw new Error("a bad birth");
      return { seen: input.seen ?? [] };
    },
    on: {
      "toy.add": {
        ...because("somebody counts"),
        actions: [
          note((event) => ("name" in event ? event.name : "?")),
          { type: "reply", params: ({ context }) => ({ ok: true, value: context.seen.length }) },
        ],
      },
      "toy.poison": {
        ...because("poison"),
        guard: () => {
          if (isPoisonous()) throw new Error("poison");
          return true;
        },
        actions: note((event) => ("name" in event ? event.name : "?")),
      },
      "toy.tell": {
        ...because("told to tell"),
        actions: { type: "tell", params: tellsOf },
      },
      /** Tells what cannot be stored, though all it was told itself can be. */
      "toy.tellOdd": {
        ...because("told to tell nonsense"),
        actions: { type: "tell", params: ({ event }) => oddTell(event) },
      },
      "toy.shout": { ...because("loud"), actions: emit({ type: "toy.shouted" }) },
      "toy.shoutOdd": {
        ...because("loud nonsense"),
        actions: emit({ type: "toy.shouted", n: 1n } as { type: string }),
      },
      "toy.refuse": {
        ...because("no"),
        actions: { type: "reply", params: { ok: false, refusal: refuse("conflict", "no") } },
      },
      "toy.raise": { ...because("raises"), actions: raise({ type: "toy.add", name: "raised" }) },
      "toy.nameless": { ...because("a timer without a name"), actions: raise({ type: "toy.back" }, { delay: 5 }) },
      "toy.later": { ...because("a timer by name"), actions: raise({ type: "toy.back" }, { delay: 5, id: "later" }) },
      "toy.end": { ...because("over"), target: ".over" },
    },
    states: {
      idle: {
        ...words("idle"),
        on: {
          "toy.work": { ...because("work"), target: "working", actions: give },
          "toy.workElsewhere": { ...because("work"), target: "elsewhere" },
          "toy.deafWork": { ...because("work"), target: "deaf" },
          "toy.listen": { ...because("listen"), target: "listening" },
          "toy.wait": { ...because("wait"), target: "waiting" },
          "toy.passThrough": { ...because("through"), target: "passing" },
        },
      },
      working: {
        ...words("working"),
        invoke: {
          src: "work",
          id: "work",
          input: ({ context }: { context: ToyContext }) => context.given,
          onDone: {
            ...because("done"),
            target: "idle",
            actions: assign({ seen: ({ context, event }) => [...context.seen, String(event.output)] }),
          },
          onError: {
            ...because("failed"),
            target: "idle",
            actions: assign({
              seen: ({ context, event }) => [...context.seen, (event.error as { code: string }).code],
            }),
          },
        },
        on: {
          "toy.back": { ...because("stop"), target: "idle" },
          "toy.work": { ...because("again"), target: "working", reenter: true, actions: give },
        },
      },
      elsewhere: {
        ...words("elsewhere"),
        invoke: {
          src: "workElsewhere",
          id: "workElsewhere",
          input: {},
          onDone: {
            ...because("done"),
            target: "idle",
            actions: assign({ seen: ({ context, event }) => [...context.seen, event.output] }),
          },
          onError: { ...because("failed"), target: "idle" },
        },
      },
      /** Does not care about the answer. */
      deaf: {
        ...words("deaf"),
        invoke: { src: "work", id: "deaf", input: {} },
        on: { "toy.back": { ...because("b"), target: "idle" } },
      },
      listening: {
        ...words("listening"),
        invoke: { src: "listen", id: "listen", input: { to: "x" } },
        on: { "toy.back": { ...because("b"), target: "idle" } },
      },
      waiting: {
        ...words("waiting"),
        after: {
          pause: {
            ...because("time"),
            target: "idle",
            actions: assign({ seen: ({ context }) => [...context.seen, "timer"] }),
          },
        },
        on: {
          "toy.back": { ...because("b"), target: "idle" },
          "toy.wait": { ...because("again"), target: "waiting", reenter: true },
        },
      },
      /** Its effect and its timer end in the step that starts them. */
      passing: {
        ...words("passing"),
        invoke: { src: "work", id: "passing", input: {} },
        after: { pause: { ...because("time"), target: "idle" } },
        always: { ...because("on"), target: "idle" },
      },
      over: { ...words("over"), type: "final" },
    },
  });
}

export function toyEntry(change: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    kind: "toy",
    version: "1",
    machine: toyMachine(),
    contextSchema: Type.Unknown(),
    service: "payout-router",
    migrate: {},
    indexes: ({ tag }) => ["all", `status:${tag}`],
    ...change,
  };
}

export type Work = (input: unknown, context: EffectContext) => Promise<unknown>;
export type ToyRigOptions = RigOptions & {
  isPoisonous?: () => boolean;
  work?: Work;
  elsewhere?: Work;
  concurrency?: number;
  table?: EffectTable;
};
export type ToyRig = Rig & { heard: string[] };

export async function toyRig(options: ToyRigOptions = {}): Promise<ToyRig> {
  const heard: string[] = [];
  const catalog: Catalog = options.catalog ?? {
    toy: toyEntry({ machine: toyMachine(options.isPoisonous ?? (() => true)) }),
  };
  const effects = (): EffectTable => ({
    work: { concurrency: options.concurrency ?? 64, perform: options.work ?? (async () => "worked") },
    workElsewhere: { concurrency: 64, perform: options.elsewhere ?? (async () => "worked elsewhere") },
    listen: {
      start: (_, actor) => void heard.push(`start ${actor.id}`),
      stop: (actor) => void heard.push(`stop ${actor.id}`),
    },
    ...options.table,
  });
  const serviceOf = (source: string) =>
    source === "workElsewhere" ? ("trx-staking" as const) : ("payout-router" as const);
  const rig = await startRig({ effects, ...options, catalog, serviceOf });
  return { ...rig, heard };
}

export const toy = (id: string): ActorAddress => ({ kind: "toy", id });

const answering: EngineRequest["respond"] = ({ reply, record }) =>
  reply.ok
    ? { keep: { status: 200, body: { tag: record.tag, value: (reply.value as number | undefined) ?? null } } }
    : { discard: reply.refusal };

export function create(rig: Rig, id: string, input: unknown = {}): Promise<EngineAnswer> {
  return rig.engine.request({ to: toy(id), create: input, respond: answering });
}

export function ask(
  rig: Rig,
  id: string,
  message: Message,
  change: Partial<EngineRequest> = {},
): Promise<EngineAnswer> {
  return rig.engine.request({ to: toy(id), message, respond: answering, ...change });
}

export function fact(rig: Rig, id: string, message: Message): Promise<void> {
  return rig.engine.deliver([{ actor: toy(id), message }]);
}

export function recordOf(rig: Rig, id: string): ActorRecord | undefined {
  return rig.engine.record(toy(id));
}

export function seenBy(rig: Rig, id: string): string[] {
  return (recordOf(rig, id)?.context as ToyContext | undefined)?.seen ?? [];
}
