/** What the HTTP surface sees of the program. Part of the composition root. */
import type { BlockFollower } from "../chain/block-follower.ts";
import type { NodeReading } from "../chain/chain-node.ts";
import type { Finality } from "../chain/finality.ts";
import type { TronGateway } from "../chain/tron-gateway.ts";
import type { Network } from "./network.ts";
import { walletLimits } from "./wallet-limits.ts";
import { NODE_READ_TIMEOUT_MS } from "../http/bounds.ts";
import type { HttpPorts, NodeStatus } from "../http/ports.ts";
import { redactConfig, type Config } from "../operations/config.ts";
import type { Metrics } from "../operations/metrics.ts";
import type { DiskGuard } from "../persistence/disk-guard.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { ApiTokens } from "../security/api-tokens.ts";
import type { Keystore } from "../security/keystore.ts";
import type { Engine } from "../supervisor/engine.ts";
import { isPrivateKey } from "../security/key-derivation.ts";
import {
  BLACKHOLE_ADDRESS,
  ZERO_ADDRESS,
  fromHex41,
  isTronAddress,
  privateKeyToAddress,
  toHex41,
} from "../tron/address.ts";
import { decodeSignedTransfer } from "../tron/signed-transfer.ts";
import { units } from "../domain/money.ts";

export type HttpParts = {
  readonly config: Config;
  readonly network: Network;
  readonly engine: Engine;
  readonly gateway: TronGateway;
  readonly follower: BlockFollower;
  readonly finality: Finality;
  readonly keystore: Keystore;
  readonly tokens: ApiTokens;
  readonly guard: DiskGuard;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** A TRX transfer burns bandwidth, and 1.1 TRX when it activates the recipient (tron.md §4.2). */
const TRX_FEE_RESERVE = units(2_000_000n);

export function httpPorts(parts: HttpParts): HttpPorts {
  const { config, network, engine, gateway, keystore, tokens, guard, clock, logger } = parts;
  return {
    engine,
    // People wait at a door for a bounded time, behind everything that moves money.
    gateway: gateway.on({ budgetMs: doorBudgetMs(config), lane: "history", cachedBlocks: true }),
    chain: chainPort(parts),
    tokens,
    keys: {
      createHdWallet: (walletId) => keystore.createHdWallet(walletId),
      importKey: (walletId, privateKeyHex) => keystore.importKey(walletId, privateKeyHex),
    },
    addresses: {
      isValid: isTronAddress,
      toHex41,
      fromHex41,
      isBurned: (address) => address === ZERO_ADDRESS || address === BLACKHOLE_ADDRESS,
      ofPrivateKey: (hex) => (isPrivateKey(Buffer.from(hex, "hex")) ? privateKeyToAddress(hex) : undefined),
    },
    network: { ...network, checkDestinations: true },
    payments: { feeReserveSun: { USDT: config.fees.reserveSun, TRX: TRX_FEE_RESERVE }, limits: walletLimits(config) },
    decodeSigned: (signedHex) => decodeSignedTransfer(signedHex, network.usdtContract),
    ownAddress: (address) => {
      // A key whose import was refused is on the disk, and no wallet.
      const id = keystore.walletOf(address);
      return id !== undefined && engine.has({ kind: "wallet", id });
    },
    diskState: () => guard.state(),
    config: () => redactConfig(config),
    metrics: metricsPort(parts),
    build: {
      name: config.service.name,
      version: config.build.version ?? "0.1.0",
      vcsRef: config.build.vcsRef,
      buildDate: config.build.buildDate,
    },
    clock,
    logger,
  };
}

/** What has a value at any time is read when somebody looks. */
function metricsPort({ metrics, follower, finality }: HttpParts): HttpPorts["metrics"] {
  return {
    httpRequest: (request) => metrics.httpRequest(request),
    exposition: () => {
      const { head, solid, lagBlocks, blocksPerSecond, halted } = follower.status();
      const { nodes, dispute } = finality.status();
      metrics.chainHeads({ head, solid, lagBlocks, blocksPerSecond, halted: halted !== undefined });
      const quarantined = nodes.filter(({ state }) => state === "quarantined").length;
      metrics.nodeTrust({ disputed: dispute !== undefined, quarantined });
      return metrics.exposition();
    },
  };
}

function chainPort({ follower, finality, gateway }: HttpParts): HttpPorts["chain"] {
  return {
    reference: () => follower.reference(),
    obstacle: () => follower.obstacle(),
    headTimestamp: () => follower.headTimestamp(),
    status() {
      const { head: _head, solid: _solid, halted, ...status } = follower.status();
      const heads = follower.heads();
      const nodes = gateway.pool.all().map((node) => nodeStatus(node.reading()));
      return { ...status, head: heads?.head, solid: heads?.solid, halted, nodes, finality: finality.status() };
    },
  };
}

/** The door's own patience, or more where nodes are known to be slow. */
function doorBudgetMs({ chain }: Config): number {
  return Math.max(NODE_READ_TIMEOUT_MS, 0.8 * chain.timeoutMs);
}

function nodeStatus(reading: NodeReading): NodeStatus {
  const { origin, excluded, breaker, budget } = reading;
  const { suspendedUntil } = budget;
  const resting = breaker === "closed" ? "ready" : "resting";
  return {
    ...reading,
    endpoint: origin,
    state: excluded !== null ? "excluded" : suspendedUntil !== null ? "suspended" : resting,
    suspendedUntil,
  };
}
