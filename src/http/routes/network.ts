import { Type } from "typebox";
import type { Block, ChainParameters } from "../../domain/chain-facts.ts";
import { refuse, type Refusal } from "../../domain/errors.ts";
import { big, formatDecimal, units } from "../../domain/money.ts";
import { Address, pathParams } from "../contract/common.ts";
import {
  AccountView,
  BlockView,
  NetworkFacts,
  NetworkStatus,
  ParametersView,
  ResourcePrice,
} from "../contract/network.ts";
import { API_ROOT, endpoint, type Description, type Endpoint, type Outcome } from "../endpoint.ts";
import { nodeSignal } from "../node-signal.ts";
import { judgeAddress } from "../payment-orders.ts";
import type { Surface } from "../surface.ts";
import { chainView, resourcesView } from "../views/chain.ts";
import { permissionsView } from "../views/permissions.ts";
import { isoTime } from "../views/time.ts";

export const NODE_ERRORS = [
  "chain_error",
  "chain_unavailable",
  "chain_busy",
  "chain_timeout",
] as const satisfies Description["errors"];
const common = { method: "GET", tag: "Network", scope: "network:read" } as const;
const BLOCK = /^(latest|solid|0|[1-9][0-9]{0,14})$/;
/** Energy of a USDT transfer to somebody who holds USDT already, and to somebody who does not (tron.md §4.3). */
const TYPICAL_ENERGY = { to_holder: 64_285, to_new_holder: 130_285 };
const TYPICAL_BANDWIDTH = 345;

export function networkEndpoints(surface: Surface): Endpoint[] {
  return [...fromMemory(surface), ...fromNodes(surface)];
}

function fromMemory({ chain, network, addresses, build, clock }: Surface): Endpoint[] {
  return [
    endpoint({
      ...common,
      path: `${API_ROOT}/network/status`,
      summary: "Where the chain stands, as far as the engine has read it",
      answers: { 200: { description: "The chain", schema: NetworkStatus } },
      handle: () => {
        const status = chain.status();
        const { nodes, ...view } = chainView(status);
        const { lastProgressAt } = status;
        const lag = lastProgressAt === undefined ? null : (clock.now() - lastProgressAt) / 1_000;
        return { status: 200, body: { network: network.name, ...view, lag_s: lag, providers: nodes } };
      },
    }),
    endpoint({
      ...common,
      path: `${API_ROOT}/network/info`,
      summary: "The network and its USDT contract",
      answers: { 200: { description: "The network", schema: NetworkFacts } },
      handle: () => ({
        status: 200,
        body: {
          network: network.name,
          chain_id: `0x${network.genesisId.slice(-8)}`,
          genesis_id: network.genesisId,
          usdt_contract: network.usdtContract,
          usdt_contract_hex: addresses.toHex41(network.usdtContract),
          usdt_decimals: 6,
          trx_decimals: 6,
          engine: { name: build.name, version: build.version },
        },
      }),
    }),
  ];
}

function fromNodes(surface: Surface): Endpoint[] {
  const { gateway } = surface;
  return [
    endpoint({
      ...common,
      path: `${API_ROOT}/network/block/:block_number`,
      summary: "Read a block by number, latest or solid",
      inputs: { params: pathParams({ block_number: Type.String({ description: "A number, latest or solid" }) }) },
      answers: { 200: { description: "The block", schema: BlockView } },
      errors: ["block_not_found", ...NODE_ERRORS],
      handle: ({ request }) => readBlock(surface, request.params.block_number),
    }),
    endpoint({
      ...common,
      path: `${API_ROOT}/network/chain-parameters`,
      summary: "Prices and limits of the chain",
      answers: { 200: { description: "Parameters", schema: ParametersView } },
      errors: NODE_ERRORS,
      handle: async () => ({ status: 200, body: parametersView(await gateway.chainParameters(nodeSignal())) }),
    }),
    endpoint({
      ...common,
      path: `${API_ROOT}/network/resources/price`,
      summary: "What energy and bandwidth cost",
      answers: { 200: { description: "Prices", schema: ResourcePrice } },
      errors: NODE_ERRORS,
      handle: async () => ({ status: 200, body: priceView(await gateway.chainParameters(nodeSignal())) }),
    }),
    endpoint({
      ...common,
      path: `${API_ROOT}/network/account/:address`,
      summary: "Balances, resources and permissions of any account",
      inputs: { params: pathParams({ address: Address }) },
      answers: { 200: { description: "The account", schema: AccountView } },
      errors: ["invalid_address", ...NODE_ERRORS],
      handle: ({ request }) => readAccount(surface, request.params.address),
    }),
  ];
}

async function readBlock({ gateway, chain }: Surface, wanted: string): Promise<Outcome> {
  if (!BLOCK.test(wanted)) return { refusal: refuse("validation_failed", "Write a block number, latest or solid") };
  const signal = nodeSignal();
  const block = await findBlock();
  if (block === undefined) return { refusal: noBlock(wanted) };
  const solid = chain.status().solid?.number ?? -1;
  const body = {
    number: block.number,
    id: block.id,
    parent_id: block.parentId,
    time: isoTime(block.timestamp),
    solidified: wanted === "solid" || block.number <= solid,
    transaction_count: block.transactions.length,
    transactions: block.transactions.map(({ txId, result }) => ({ txid: txId, result })),
  };
  return { status: 200, body };

  async function findBlock(): Promise<Block | undefined> {
    if (wanted === "latest") return gateway.headBlock(signal);
    return gateway.block(wanted === "solid" ? (await gateway.solidBlock(signal)).number : Number(wanted), signal);
  }
}

async function readAccount(surface: Surface, address: string): Promise<Outcome> {
  const wrong = judgeAddress(surface, address);
  if (wrong !== undefined) return { refusal: wrong };
  const signal = nodeSignal();
  const { gateway } = surface;
  const [account, usdt, signatories] = await Promise.all([
    gateway.account(address, signal),
    gateway.tokenBalance(address, signal),
    gateway.signatories(address, signal),
  ]);
  const body = {
    address,
    activated: account.activated,
    is_contract: account.isContract,
    trx: formatDecimal(account.trxSun),
    trx_sun: account.trxSun,
    usdt: formatDecimal(usdt.amount),
    usdt_units: usdt.amount,
    ...resourcesView(account),
    permissions: permissionsView(signatories),
  };
  return { status: 200, body };
}

function parametersView(p: ChainParameters) {
  return {
    energy_fee_sun: p.energyFeeSun,
    bandwidth_fee_sun: p.bandwidthFeeSun,
    max_fee_limit_sun: p.maxFeeLimitSun,
    create_account_fee_sun: p.createAccountFeeSun,
    new_account_fee_sun: p.newAccountFeeSun,
    memo_fee_sun: p.memoFeeSun,
    unfreeze_days: p.unfreezeDelayDays,
    all: { ...p.raw },
  };
}

function priceView({ energyFeeSun, bandwidthFeeSun }: ChainParameters) {
  const price = (energy: number) => {
    const burn = units(BigInt(energy) * BigInt(energyFeeSun) + BigInt(TYPICAL_BANDWIDTH) * BigInt(bandwidthFeeSun));
    return { energy, bandwidth: TYPICAL_BANDWIDTH, burn_sun: big(burn).toString(), burn_trx: formatDecimal(burn) };
  };
  return {
    sun_per_energy: energyFeeSun,
    sun_per_bandwidth: bandwidthFeeSun,
    typical_usdt_transfer: {
      to_holder: price(TYPICAL_ENERGY.to_holder),
      to_new_holder: price(TYPICAL_ENERGY.to_new_holder),
    },
  };
}

function noBlock(wanted: string): Refusal {
  return refuse("block_not_found", `The chain has no block ${wanted} yet`, { block: wanted });
}
