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
    ...PROBES.map(({ path, summary, note, reasonsOf }) =>
      endpoint({
        method: "GET",
        path,
        aliases: [`${API_ROOT}/system${path}`],
        tag: "Service",
        scope: "public",
        isProbe: true,
        summary,
        description: `${note} With a token of scope ops:read the answer carries the figures.`,
        answers: {
          200: { description: "Ready", schema: Health },
          503: { description: "Not ready; see reasons", schema: Health },
        },
        handle: ({ request }) => {
          const reasons = reasonsOf(ports);
          const ready = reasons.length === 0;
          const checks = allows(request.principal, "ops:read") ? { checks: checksOf(ports) } : {};
          return { status: ready ? 200 : 503, body: { status: ready ? "ok" : "unavailable", reasons, ...checks } };
        },
      }),
    ),
  ];
}

const PROBES = [
  {
    path: "/health",
    summary: "Health of the engine and what it depends on",
    note: "An engine that is still reading blocks, or whose nodes disagree, is healthy: a restart would not help it. One that gets no block at all, as while too few nodes answer, is not.",
    reasonsOf: healthReasons,
  },
  {
    path: "/health/ready",
    summary: "Whether the engine takes payouts and can sign them",
    note: "Not while the newest blocks are still being read, and not while the nodes disagree.",
    reasonsOf: readinessReasons,
  },
];

/** Empty when payouts are taken and can be signed. */
export function readinessReasons(ports: Ports): string[] {
  const obstacle = ports.chain.obstacle();
  const reasons = [...engineReasons(ports), ...progressReasons(ports)];
  // A follower that stopped for good is among the reasons already.
  if (obstacle === undefined || obstacle.code === "chain_forked") return reasons;
  return [...reasons, `nothing is signed (${obstacle.code}): ${obstacle.detail}`];
}

/** Empty when the engine goes on by itself. Nodes that disagree let no block through, and a restart changes nothing. */
function healthReasons(ports: Ports): string[] {
  const waits = ports.chain.obstacle()?.code === "nodes_disagree";
  return [...engineReasons(ports), ...(waits ? [] : progressReasons(ports))];
}

function engineReasons({ engine, chain, diskState }: Ports): string[] {
  const { phase, readOnly } = engine.status();
  const { halted } = chain.status();
  const disk = diskState();
  const reasons: string[] = [];
  if (phase !== "running") reasons.push(`the engine is ${phase}`);
  if (disk === "full" || readOnly) reasons.push("the disk is full; reads go on, nothing new is accepted");
  if (halted !== undefined) reasons.push(`the block follower stopped: ${halted}`);
  return reasons;
}

function progressReasons({ chain, clock }: Ports): string[] {
  const { head, halted, lastProgressAt } = chain.status();
  if (halted !== undefined) return [];
  if (head === undefined || lastProgressAt === undefined) return ["no block has been read yet"];
  const isStalled = clock.now() - lastProgressAt > CHAIN_STALLED_MS;
  return isStalled ? [`no new block for more than ${CHAIN_STALLED_MS / 1_000} seconds`] : [];
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
