import { refuse, type Refusal } from "../../domain/errors.ts";
import { SERVICES, type Catalog, type ServiceName } from "../../machines/catalog.ts";
import type { EngineStatus } from "../../supervisor/facade.ts";
import { Anything, pathParams } from "../contract/common.ts";
import { Restarted, ServiceParam, ServiceStats, Stats, Status } from "../contract/operations.ts";
import { API_ROOT, endpoint, type Endpoint } from "../endpoint.ts";
import { machineView } from "../machine-view.ts";
import type { Surface } from "../surface.ts";
import { chainView } from "../views/chain.ts";
import { isoTime } from "../views/time.ts";
import { checksOf, readinessReasons } from "./health.ts";

const mirrored = (path: string) => ({ path, aliases: [`${API_ROOT}/system${path}`], tag: "Service" }) as const;

export function operationsEndpoints(surface: Surface): Endpoint[] {
  return [...watching(surface), ...SERVICES.map((service) => statsOf(surface, service)), ...acting(surface)];
}

function watching(surface: Surface): Endpoint[] {
  const { engine, metrics, stream } = surface;
  return [
    endpoint({
      ...mirrored("/status"),
      method: "GET",
      scope: "ops:read",
      summary: "What runs, since when, and how it is",
      answers: { 200: { description: "Status", schema: Status } },
      handle: () => ({ status: 200, body: statusView(surface) }),
    }),
    endpoint({
      ...mirrored("/stats"),
      method: "GET",
      scope: "ops:read",
      summary: "Totals of the engine since its start",
      answers: { 200: { description: "Totals", schema: Stats } },
      handle: () => ({ status: 200, body: statsView(engine.status(), stream.size()) }),
    }),
    endpoint({
      ...mirrored("/metrics"),
      method: "GET",
      scope: "ops:metrics",
      summary: "Figures for Prometheus",
      answers: { 200: { description: "Text exposition format", type: "text/plain" } },
      handle: async () => {
        const { contentType, body } = await metrics.exposition();
        return { status: 200, body, headers: { "content-type": contentType } };
      },
    }),
  ];
}

function acting({ engine, config }: Surface): Endpoint[] {
  return [
    endpoint({
      ...mirrored("/config"),
      method: "GET",
      scope: "ops:config",
      summary: "Every setting with its source; secrets are hidden",
      answers: { 200: { description: "The configuration", schema: Anything } },
      handle: () => ({ status: 200, body: config() }),
    }),
    endpoint({
      ...mirrored("/restart/:service_name"),
      method: "POST",
      scope: "ops:restart",
      summary: "Restart one branch of the supervisor",
      description: "Its work is taken up again from what is on disk; the other branches go on meanwhile.",
      inputs: { params: pathParams({ service_name: ServiceParam }) },
      answers: { 202: { description: "Restarted", schema: Restarted } },
      errors: ["unknown_service", "restart_in_progress"],
      handle: async ({ request }) => {
        const name = request.params.service_name;
        const service = SERVICES.find((known) => known === name);
        if (service === undefined) return { refusal: unknownService(name) };
        const refusal = await engine.restart(service, request.principal.id);
        return refusal === undefined
          ? { status: 202, body: { service, state: engine.status().services[service].state } }
          : { refusal };
      },
    }),
  ];
}

function statsOf(surface: Surface, service: ServiceName): Endpoint {
  return endpoint({
    ...mirrored(`/${service}/stats`),
    method: "GET",
    scope: "ops:read",
    summary: `Figures of ${service}`,
    answers: { 200: { description: "Figures", schema: ServiceStats } },
    handle: () => {
      const { engine } = surface;
      const status = engine.status();
      const kinds = Object.values(engine.catalog).filter((entry) => entry.service === service);
      const effects = sourcesOf(engine.catalog, service).map((source) => ({
        source,
        running: status.effectsRunning[source] ?? 0,
        queued: status.effectsQueued[source] ?? 0,
      }));
      const figures = service === "tron-client" ? chainView(surface.chain.status()) : {};
      return {
        status: 200,
        body: { ...serviceView(surface, service), actors: kinds.map(({ kind }) => kind), effects, figures },
      };
    },
  });
}

function statusView(surface: Surface) {
  const { engine, build, network, clock } = surface;
  const { phase, startedAt } = engine.status();
  const reasons = readinessReasons(surface);
  return {
    name: build.name,
    version: build.version,
    vcs_ref: build.vcsRef ?? null,
    build_date: build.buildDate ?? null,
    network: network.name,
    phase,
    ready: reasons.length === 0,
    reasons,
    started_at: isoTime(startedAt),
    uptime_s: (clock.now() - startedAt) / 1_000,
    checks: checksOf(surface),
    services: SERVICES.map((service) => serviceView(surface, service)),
  };
}

function statsView(status: EngineStatus, streams: number) {
  return {
    steps: status.steps,
    commits: status.commits,
    writes: status.writes,
    actors_in_memory: status.actorsInMemory,
    messages_waiting: status.messagesWaiting,
    poisoned: status.poisoned,
    effects_running: { ...status.effectsRunning },
    effects_queued: { ...status.effectsQueued },
    live_streams: streams,
  };
}

function serviceView({ engine, clock }: Surface, service: ServiceName) {
  const { state, restarts, startedAt } = engine.status().services[service];
  return { service, state, restarts, started_at: isoTime(startedAt), uptime_s: (clock.now() - startedAt) / 1_000 };
}

/** Effects that the machines of a service ask for. */
function sourcesOf(catalog: Catalog, service: ServiceName): string[] {
  const machines = Object.values(catalog).filter((entry) => entry.service === service);
  return [
    ...new Set(
      machines.flatMap((entry) =>
        machineView(entry).states.flatMap(({ effects }) => effects.map(({ source }) => source)),
      ),
    ),
  ];
}

function unknownService(name: string): Refusal {
  return refuse("unknown_service", `Use one of ${SERVICES.join(", ")}`, { service: name });
}
