import { Type } from "typebox";
import { SERVICES } from "../../machines/catalog.ts";
import { Anything, Time } from "./common.ts";

export const ServiceParam = Type.String({ description: `One of ${SERVICES.join(", ")}`, maxLength: 64 });

export const ServiceState = Type.Object({
  service: Type.String(),
  state: Type.String({ description: "running or restarting" }),
  restarts: Type.Integer(),
  started_at: Time,
  uptime_s: Type.Number(),
});

export const ServiceStats = Type.Object({
  ...ServiceState.properties,
  actors: Type.Array(Type.String(), { description: "Kinds of actors of this branch" }),
  effects: Type.Array(Type.Object({ source: Type.String(), running: Type.Integer(), queued: Type.Integer() }), {
    description: "Work that its actors asked for",
  }),
  figures: Anything,
});

export const Status = Type.Object({
  name: Type.String(),
  version: Type.String(),
  vcs_ref: Type.Union([Type.String(), Type.Null()]),
  build_date: Type.Union([Type.String(), Type.Null()]),
  network: Type.String(),
  phase: Type.String(),
  ready: Type.Boolean(),
  reasons: Type.Array(Type.String()),
  started_at: Time,
  uptime_s: Type.Number(),
  checks: Anything,
  services: Type.Array(ServiceState),
});

export const Stats = Type.Object({
  steps: Type.Integer({ description: "Messages applied since the start" }),
  commits: Type.Integer(),
  writes: Type.Integer(),
  actors_in_memory: Type.Integer(),
  messages_waiting: Type.Integer(),
  poisoned: Type.Integer(),
  effects_running: Type.Record(Type.String(), Type.Integer()),
  effects_queued: Type.Record(Type.String(), Type.Integer()),
  live_streams: Type.Integer(),
});

export const Restarted = Type.Object({ service: Type.String(), state: Type.String() });
