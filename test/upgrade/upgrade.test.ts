/**
 * Records of every version and state that was ever released still load and go on. Fixtures of a released version are never
 * changed; a new version adds files: `UPGRADE_FIXTURES=write npx vitest run test/upgrade` writes those that are
 * missing (format them afterwards).
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodesOf } from "../../src/actors/machine-tree.ts";
import { revive, step, upgrade } from "../../src/actors/step.ts";
import type { ActorRecord, Message } from "../../src/domain/records.ts";
import { catalog } from "../../src/machines/catalog.ts";
import { Codec } from "../../src/persistence/codec.ts";
import { contextSchemas } from "../support/engine.ts";
import { entryOf, STAMP, textOf } from "../support/kernel.ts";
import { storedStates } from "./lives.ts";

const DIRECTORY = join(import.meta.dirname, "fixtures");
type Fixture = { kind: string; version: string; state: string; record: ActorRecord };

const today = storedStates();
if (process.env["UPGRADE_FIXTURES"] === "write") writeMissing();
const fixtures = readAll();

/** States that a step passes through but never rests in. */
const PASSING = new Set(["requested", "signed"]);

describe("a stored record", () => {
  test.each(
    fixtures.map((fixture) => [`${fixture.kind} version ${fixture.version} in ${fixture.state}`, fixture] as const),
  )("of a %s loads, fits today's schema and goes on", (_, { kind, record }) => {
    const entry = entryOf(kind);
    const codec = new Codec(contextSchemas);
    const upgraded = upgrade(entry, record);
    expect(codec.decode("record", "k", codec.encode("record", "k", upgraded))).toMatchObject({
      version: entry.version,
    });
    const revived = revive(entry, record);
    // Its timers and its effects' answers still mean something, and nothing that may come makes it throw.
    for (const { event } of Object.values(upgraded.timers))
      expect(step(entry, revived, event, STAMP).changed).toBe(true);
    for (const invokeId of Object.keys(upgraded.effects)) {
      const error = { code: "chain_timeout", message: "m", retryable: true };
      const message = { type: `xstate.error.actor.${invokeId}`, error, actorId: invokeId };
      if (invokeId !== "watch") expect(step(entry, revived, message, STAMP).changed).toBe(true);
    }
    expect(step(entry, revived, { type: "nonsense" } satisfies Message, STAMP).changed).toBe(false);
  });

  test.each(Object.keys(catalog))("exists for every state of %s at its current version", (kind) => {
    const { machine, version } = entryOf(kind);
    const leaves = nodesOf(machine.root)
      .filter((node) => Object.keys(node.states).length === 0)
      .map((node) => node.path.join("."))
      .filter((state) => !PASSING.has(state));
    const stored = fixtures
      .filter((fixture) => fixture.kind === kind && fixture.version === version)
      .map(({ state }) => state);
    expect(stored.toSorted()).toEqual(leaves.toSorted());
  });

  test("is made today as it was when the version was released", () => {
    for (const { kind, version, state, record } of fixtures) {
      if (version !== entryOf(kind).version) continue;
      expect({ kind, state, ...shapeOf(today[kind]?.[state]) }).toMatchObject({ kind, state, ...shapeOf(record) });
    }
  });
});

function fileOf(kind: string, version: string): string {
  return join(DIRECTORY, `${kind}.v${version}.json`);
}

function writeMissing(): void {
  for (const [kind, states] of Object.entries(today)) {
    const path = fileOf(kind, entryOf(kind).version);
    const released = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as object) : {};
    writeFileSync(path, `${JSON.stringify({ ...states, ...released }, undefined, 2)}\n`);
  }
}

function readAll(): Fixture[] {
  return readdirSync(DIRECTORY).flatMap((name) => {
    const [, kind = "", version = ""] = /^(\w+)\.v(\w+)\.json$/.exec(name) ?? [];
    const records = JSON.parse(readFileSync(join(DIRECTORY, name), "utf8")) as Record<string, ActorRecord>;
    return Object.values(records).map((record) => ({ kind, version, state: textOf(record.state), record }));
  });
}

/** What may only change with the version: fields may be added, and pauses may change. */
function shapeOf(record: ActorRecord | undefined): object {
  if (record === undefined) return {};
  const { tag, status, context, effects, timers } = record;
  return { tag, status, context: JSON.parse(JSON.stringify(context)) as unknown, effects, timers: Object.keys(timers) };
}
