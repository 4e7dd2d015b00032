import { Type } from "typebox";
import { allows } from "../../security/access.ts";
import { CHAIN_STALLED_MS } from "../bounds.ts";
import { Anything } from "../contract/common.ts";
import { API_ROOT, endpoint, type Endpoint } from "../endpoint.ts";
import type { HttpPorts } from "../ports.ts";
import { chainView } from "../views/chain.ts";

type Ports = Pick<HttpPorts, "engine" | "chain" | "diskState" | "clock">;

const Health = Type.Object({
  status: Type.String({ description: "ok or unavailable" }),
  reasons: Type.Array(Type.String(), { description: "What keeps the engine from taking payouts" }),
  checks: Type.Optional(Anything),
});

export function healthEndpoints(ports: Ports): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/health/live",
      aliases: [`${API_ROOT}/system/health/live`],
      tag: "Service",
      scope: "public",
      isProbe: true,
      summary: "Whether the process answers",
      answers: { 200: { description: "It does", schema: Type.Object({ status: Type.String() }) } },
      handle: () => ({ status: 200, body: { status: "ok" } }),
    }),
    ...["/health", "/health/ready"].map((path) =>
      endpoint({
        method: "GET",
        path,
        aliases: [`${API_ROOT}/system${path}`],
        tag: "Service",
        scope: "public",
        isProbe: true,
        summary:
          path === "/health" ? "Health of the engine and what it depends on" : "Whether the engine takes payouts",
        description: "With a token of scope ops:read the answer carries the figures.",
        answers: {
          200: { description: "Ready", schema: Health },
          503: { description: "Not ready; see reasons", schema: Health },
        },
        handle: ({ request }) => {
          const reasons = readinessReasons(ports);
          const ready = reasons.length === 0;
          const checks = allows(request.principal, "ops:read") ? { checks: checksOf(ports) } : {};
          return { status: ready ? 200 : 503, body: { status: ready ? "ok" : "unavailable", reasons, ...checks } };
        },
      }),
    ),
  ];
}

/** Empty when payouts are taken and will be paid. */
export function readinessReasons({ engine, chain, diskState, clock }: Ports): string[] {
  const { phase, readOnly } = engine.status();
  const { head, halted, lastProgressAt } = chain.status();
  const disk = diskState();
  const reasons: string[] = [];
  if (phase !== "running") reasons.push(`the engine is ${phase}`);
  if (disk === "full" || readOnly) reasons.push("the disk is full; reads go on, nothing new is accepted");
  if (halted !== undefined) reasons.push(`the block follower stopped: ${halted}`);
  else if (head === undefined || lastProgressAt === undefined) reasons.push("no block has been read yet");
  else if (clock.now() - lastProgressAt > CHAIN_STALLED_MS)
    reasons.push(`no new block for more than ${CHAIN_STALLED_MS / 1_000} seconds`);
  return reasons;
}

export function checksOf({ engine, chain, diskState }: Ports): Record<string, unknown> {
  const { phase, readOnly, messagesWaiting, actorsInMemory, poisoned } = engine.status();
  return {
    engine: {
      phase,
      read_only: readOnly,
      messages_waiting: messagesWaiting,
      actors_in_memory: actorsInMemory,
      poisoned,
    },
    chain: chainView(chain.status()),
    disk: { state: diskState() },
  };
}
