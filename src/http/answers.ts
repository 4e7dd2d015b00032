/** What the engine answered, as the outcome of an endpoint. */
import type { EngineAnswer } from "../supervisor/facade.ts";
import type { Outcome } from "./endpoint.ts";

/** `location` is where a created thing can be read. */
export function answerOf(answer: EngineAnswer, location?: string): Outcome {
  if ("refusal" in answer) return answer;
  const { status, body, replayed } = answer;
  const headers: Record<string, string> = replayed ? { "idempotency-replayed": "true" } : {};
  if (location !== undefined) headers["location"] = location;
  return { status, body, headers };
}
