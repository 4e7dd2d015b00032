import { Type } from "typebox";
import { REVISION_MAX } from "../bounds.ts";
import { Anything, Id, pageQuery, strict, Time } from "./common.ts";
import { TimelineEntry } from "./payouts.ts";

export const Machine = Type.Object({
  kind: Type.String(),
  version: Type.String(),
  service: Type.String(),
  initial: Type.String(),
  states: Type.Array(
    Type.Object({
      state: Type.String(),
      type: Type.String({ description: "atomic, compound, parallel or final" }),
      description: Type.String(),
      waiting_for: Type.String(),
      status: Type.Union([Type.String(), Type.Null()], { description: "Public status word" }),
      effects: Type.Array(Type.Object({ id: Type.String(), source: Type.String() })),
      transitions: Type.Array(
        Type.Object({
          event: Type.String(),
          target: Type.Union([Type.String(), Type.Null()], { description: "null: the state stays" }),
          guard: Type.Union([Type.String(), Type.Null()]),
          reason: Type.String(),
        }),
      ),
    }),
  ),
});

export const ActorQuery = Type.Object(
  {
    ...pageQuery,
    kind: Type.Optional(Type.String({ maxLength: 64, description: "All kinds unless one is named" })),
    status: Type.Optional(Type.String({ maxLength: 64 })),
  },
  strict,
);

const head = {
  kind: Type.String(),
  id: Type.String(),
  status: Type.String(),
  state: Type.String(),
  description: Type.String(),
  waiting_for: Type.String(),
  revision: Type.Integer(),
  created_at: Time,
  updated_at: Time,
  quarantined: Type.Boolean(),
};
export const ActorLine = Type.Object(head);

export const ActorPlace = { kind: Type.String({ maxLength: 64 }), id: Id };
export const JournalQuery = Type.Object(
  {
    after_revision: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: REVISION_MAX,
        description: "Journal entries after this revision; 200 at most",
      }),
    ),
  },
  strict,
);

export const Actor = Type.Object({
  ...head,
  version: Type.String({ description: "Of the machine that wrote the record" }),
  done: Type.Boolean(),
  context: Anything,
  effects: Type.Array(Type.Object({ id: Type.String(), key: Type.String() }), {
    description: "Running; their answers count",
  }),
  timers: Type.Array(Type.Object({ id: Type.String(), due: Time, event: Type.String() })),
  journal: Type.Array(TimelineEntry),
  next_revision: Type.Union([Type.Integer(), Type.Null()], {
    description: "after_revision of the next page; null when this is all",
  }),
  dead_letters: Type.Array(Type.Object({ at: Time, revision: Type.Integer(), event: Anything, error: Type.String() })),
  quarantine: Type.Union([Type.Object({ at: Time, reason: Type.String(), failures: Type.Integer() }), Type.Null()]),
  parked: Type.Array(Anything, { description: "Messages kept until it is released" }),
});

export const Released = Type.Object({ kind: Type.String(), id: Type.String(), released: Type.Boolean() });

export const StreamQuery = Type.Object(
  { kind: Type.Optional(Type.String({ maxLength: 64 })), id: Type.Optional(Id) },
  strict,
);
