import {
  assign,
  cancel,
  emit,
  enqueueActions,
  fromPromise,
  log,
  not,
  raise,
  sendTo,
  setup,
  spawnChild,
  stopChild,
  type AnyStateMachine,
} from "xstate";
import { describe, expect, test } from "vitest";
import { lintCatalog, problemsOf } from "../../src/actors/lint.ts";
import { XSTATE_ITERATIONS_MAX } from "../../src/domain/limits.ts";
import { catalog } from "../../src/machines/catalog.ts";
import { durableActions, effect } from "../../src/machines/durable.ts";
import { entryOf } from "../support/kernel.ts";

const WORDS = { tags: "t", description: "d", meta: { waitingFor: "w" } } as const;

/** A durable machine with one state, spoilt in one way. */
function machine(state: object = {}, whole: object = {}): AnyStateMachine {
  const made: unknown = setup({
    actors: { work: effect<object, string>() },
    actions: { ...durableActions, acts: () => {} },
    delays: { pause: 1_000 },
  }).createMachine({
    id: "m",
    options: { maxIterations: XSTATE_ITERATIONS_MAX },
    initial: "a",
    states: { a: { ...WORDS, ...state } },
    ...whole,
  } as never);
  return made as AnyStateMachine;
}
const on = (transition: object) => machine({ on: { go: { description: "r", ...transition } } });
const problems = (spoilt: AnyStateMachine) => problemsOf({ machine: spoilt });

describe("the start-up lint", () => {
  test("accepts the machines of the product, and a machine with everything that is durable", () => {
    expect(() => lintCatalog(catalog)).not.toThrow();
    const durable = machine({
      entry: [
        assign({}),
        raise({ type: "x" }),
        emit({ type: "y" }),
        cancel("z"),
        { type: "tell", params: undefined },
        "reply",
      ],
      invoke: { src: "work", id: "work", onDone: { description: "r" }, onError: { description: "r" } },
      after: { pause: { target: "a", description: "r" } },
      always: { guard: () => false, target: "a", description: "r" },
    });
    expect(problems(durable)).toEqual([]);
  });

  test.each([
    ["an inline action", machine({ entry: () => {} }), "m.a: action (inline) would act inside the transition"],
    ["an implemented action", machine({ exit: "acts" }), "m.a: action acts would act inside the transition"],
    [
      "an action nobody defined",
      machine({ entry: { type: "ghost" } }),
      "m.a: action ghost would act inside the transition",
    ],
    ["an action on a transition", on({ actions: "acts" }), "m.a: action acts would act inside the transition"],
    ["spawn", machine({ entry: spawnChild("work" as never) }), "m.a: action (inline) would act inside the transition"],
    ["stopChild", machine({ entry: stopChild("x") }), "m.a: action (inline) would act inside the transition"],
    ["sendTo", machine({ entry: sendTo("x", { type: "y" }) }), "m.a: action (inline) would act inside the transition"],
    ["log", machine({ entry: log("x") }), "m.a: action (inline) would act inside the transition"],
    [
      "enqueueActions",
      machine({ entry: enqueueActions(() => {}) }),
      "m.a: action (inline) would act inside the transition",
    ],
    ["an action of the root", machine({}, { entry: "acts" }), "m: action acts would act inside the transition"],
    [
      "a numeric delay",
      machine({ after: { 500: { target: "a", description: "r" } } }),
      "m.a: after 500 needs a named delay; the number would be baked into stored timers",
    ],
    [
      "a delay nobody defined",
      machine({ after: { never: { target: "a", description: "r" } } }),
      'm.a: delay "never" is not defined; XState would fire it at once',
    ],
    [
      "a wildcard",
      machine({ on: { "*": { description: "r" } } }),
      "m.a: a wildcard would swallow stale answers and timers",
    ],
    [
      "a history state",
      machine({
        initial: "b",
        states: { b: WORDS, h: { type: "history", description: "d", meta: { waitingFor: "w" } } },
      }),
      "m.a.h: history states do not survive a restart",
    ],
    [
      "a wildcard for a family of messages",
      machine({ on: { "go.*": { description: "r" } } }),
      "m.a: a wildcard would swallow stale answers and timers",
    ],
    [
      "parallel states",
      machine({ type: "parallel", states: { x: WORDS, y: WORDS } }),
      "m.a: parallel states would need a record each",
    ],
    [
      "an end inside the machine",
      machine({ initial: "x", states: { x: { ...WORDS, type: "final" } } }),
      "m.a.x: only the machine as a whole can end",
    ],
    [
      "actions of an initial transition",
      machine({ initial: { target: "x", actions: assign({}) }, states: { x: WORDS } }),
      "m.a: put the actions of the initial transition into the entry of its target",
    ],
    ["an output", machine({ type: "final", output: 1 }), "m.a: an output would go to nobody"],
    ["a route", machine({ route: {} }), "m.a: a route is no message"],
    [
      "a transition to two states",
      on({ target: ["#m.a", "#m.a"] }),
      "m.a: a transition on go needs one state as its target",
    ],
    [
      "a transition to the machine itself",
      on({ target: "#m" }),
      "m.a: a transition on go needs one state as its target",
    ],
    [
      "a guard made of guards",
      on({ guard: not(() => true) }),
      "m.a: the guard of a transition on go is not a plain function",
    ],
    ["a guard nobody defined", on({ guard: "ghost" }), "m.a: the guard of a transition on go is not a plain function"],
    [
      "an effect nobody defined",
      machine({ invoke: { src: "ghost", id: "x" } }),
      'm.a: the effect "ghost" is not defined',
    ],
    [
      "an effect with a name of its own in the system",
      machine({ invoke: { src: "work", id: "x", systemId: "y" } }),
      'm.a: the effect "x" is no living actor; it has no systemId and no snapshots',
    ],
    [
      "an effect that is looked at while it runs",
      machine({ invoke: { src: "work", id: "x", onSnapshot: { description: "r" } } }),
      'm.a: the effect "x" is no living actor; it has no systemId and no snapshots',
    ],
    [
      "a delayed event whose delay nobody defined",
      on({ actions: raise({ type: "x" }, { delay: "never" as never, id: "x" }) }),
      'm.a: delay "never" is not defined; XState would fire it at once',
    ],
    [
      "dots in an invoke id",
      machine({ invoke: { src: "work", id: "a.b" } }),
      "m.a: an invoke needs a named src and an explicit id without dots",
    ],
    [
      "an invoke without an id",
      machine({ invoke: { src: "work" } }),
      "m.a: an invoke needs a named src and an explicit id without dots",
    ],
    [
      "inline logic",
      machine({ invoke: { src: fromPromise(() => Promise.resolve(1)), id: "x" } }),
      "m.a: an invoke needs a named src and an explicit id without dots",
    ],
    [
      "an invoke id used twice",
      machine({
        initial: "b",
        invoke: { src: "work", id: "x" },
        states: { b: { description: "d", meta: { waitingFor: "w" }, invoke: { src: "work", id: "x" } } },
      }),
      'invoke id "x" is used 2 times',
    ],
    ["a state without a description", machine({ description: undefined }), "m.a: the state has no description"],
    [
      "a state that does not say what it waits for",
      machine({ meta: undefined }),
      "m.a: the state does not say what it waits for",
    ],
    ["a state with other words", machine({ meta: { other: 1 } }), "m.a: the state does not say what it waits for"],
    ["a state whose words are none", machine({ meta: null }), "m.a: the state does not say what it waits for"],
    ["a transition without a reason", on({ description: undefined }), "m.a: a transition on go gives no reason"],
    ["a state without a status", machine({ tags: [] }), "m.a: a state needs exactly one public status, has 0"],
    ["a state with two", machine({ tags: ["x", "y"] }), "m.a: a state needs exactly one public status, has 2"],
    [
      "no bound on microsteps",
      machine({}, { options: {} }),
      `options.maxIterations must be ${XSTATE_ITERATIONS_MAX}: a cycle of "always" would stop the engine`,
    ],
  ])("refuses %s", (_, spoilt, message) => {
    expect(problems(spoilt)).toContain(message);
  });

  test("names the kind and every problem at once", () => {
    const spoilt = machine({ description: undefined, tags: [] });
    expect(() => lintCatalog({ toy: { ...entryOf("wallet"), kind: "toy", machine: spoilt } })).toThrow(
      "machines that are not durable:\n  toy: m.a: the state has no description\n  toy: m.a: a state needs exactly one public status, has 0",
    );
  });

  test("an effect is never performed by XState", async () => {
    const { config } = effect<string, string>() as unknown as { config: () => Promise<string> };
    await expect(config()).rejects.toThrow("performed by the engine");
  });

  test("the actions of the kernel do nothing by themselves", () => {
    expect(durableActions.tell(undefined, undefined)).toBeUndefined();
    expect(durableActions.reply(undefined, { ok: true })).toBeUndefined();
  });
});
