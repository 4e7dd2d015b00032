/** How each service's branch stands: flat state without timers or effects, so a store and not an actor. */
import { createStore } from "@xstate/store";
import { SERVICES, type ServiceName } from "../machines/catalog.ts";
import type { EngineStatus } from "./facade.ts";

export type Branches = EngineStatus["services"];
export type BranchStore = ReturnType<typeof createBranchStore>;

export function createBranchStore(startedAt: number) {
  return createStore({
    context: { branches: freshBranches(startedAt) },
    on: {
      restarting: (context, event: { service: ServiceName }) => ({
        branches: {
          ...context.branches,
          [event.service]: { ...context.branches[event.service], state: "restarting" as const },
        },
      }),
      /** Its effects may run again; it has not come all the way back yet. */
      resumed: (context, event: { service: ServiceName }) => ({
        branches: {
          ...context.branches,
          [event.service]: { ...context.branches[event.service], state: "running" as const },
        },
      }),
      restarted: (context, event: { service: ServiceName; at: number }) => ({
        branches: {
          ...context.branches,
          [event.service]: {
            state: "running" as const,
            restarts: context.branches[event.service].restarts + 1,
            startedAt: event.at,
          },
        },
      }),
    },
  });
}

function freshBranches(startedAt: number): Branches {
  const fresh = { state: "running", restarts: 0, startedAt } as const;
  const [tronClient, walletManager, usdtManager, payoutRouter, trxStaking, paymentGateway] = SERVICES;
  return {
    [tronClient]: fresh,
    [walletManager]: fresh,
    [usdtManager]: fresh,
    [payoutRouter]: fresh,
    [trxStaking]: fresh,
    [paymentGateway]: fresh,
  };
}
