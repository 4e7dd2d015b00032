/** What a door is answered, from how its message ended. */
import type { Ending } from "../actors/envelope.ts";
import { refuse, type Refusal } from "../domain/errors.ts";
import type { EngineAnswer } from "./facade.ts";

export function refused(refusal: Refusal): Promise<EngineAnswer> {
  return Promise.resolve({ refusal });
}

export function answerOf(ending: Ending): EngineAnswer {
  switch (ending.end) {
    case "committed":
      return ending.verdict !== undefined && "keep" in ending.verdict
        ? { ...ending.verdict.keep, replayed: false }
        : { refusal: refuse("internal", "the request led to no answer") };
    case "discarded":
    case "refused":
      return { refusal: ending.refusal };
    case "failed":
      return { refusal: refuse("internal", "a bug in the engine; nothing of the request happened") };
  }
}
