import { formatDecimal, type Asset } from "../../domain/money.ts";
import { Address, pageOf, pathParams } from "../contract/common.ts";
import { ContractQuery, TokenBalance, TokenContract } from "../contract/network.ts";
import { Payout, TransferOrder } from "../contract/payouts.ts";
import { HistoryEntry, TokenHistoryQuery } from "../contract/transactions.ts";
import { API_ROOT, endpoint, type Endpoint, type Outcome } from "../endpoint.ts";
import { readHistory } from "../history.ts";
import { nodeSignal } from "../node-signal.ts";
import { judgeAddress } from "../payment-orders.ts";
import { payoutContext } from "../records.ts";
import type { Surface } from "../surface.ts";
import { NODE_ERRORS } from "./network.ts";
import { ORDER_ERRORS } from "./payouts.ts";

const params = pathParams({ address: Address });

export function transferEndpoints(surface: Surface): Endpoint[] {
  return [transfer(surface, "USDT"), transfer(surface, "TRX"), ...reading(surface)];
}

function transfer({ intake }: Surface, asset: Asset): Endpoint {
  return endpoint({
    method: "POST",
    path: `${API_ROOT}/${asset.toLowerCase()}/transfer`,
    tag: asset === "USDT" ? "USDT" : "TRX",
    scope: "transfers:create",
    summary: `Transfer ${asset} from a wallet`,
    description:
      "A payout without the minimum, which may also go to another wallet of the engine. Follow it at Location.",
    idempotencyKey: "required",
    inputs: { body: TransferOrder },
    answers: { 202: { description: "Accepted", schema: Payout } },
    errors: ORDER_ERRORS,
    handle: ({ request, idempotency }) => {
      const { from_wallet: wallet, to, amount, reference: externalId } = request.body;
      const { max_fee_trx: maxFee, not_after: notAfter } = request.body;
      const order = { purpose: "transfer", wallet, to, amount, asset, externalId, maxFee, notAfter } as const;
      return idempotency === undefined ? undefined : intake.accept(order, { by: request.principal.id, idempotency });
    },
  });
}

function reading(surface: Surface): Endpoint[] {
  const common = { method: "GET", tag: "USDT", scope: "usdt:read" } as const;
  return [
    endpoint({
      ...common,
      path: `${API_ROOT}/usdt/balance/:address`,
      summary: "USDT balance of any address",
      inputs: { params },
      answers: { 200: { description: "The balance", schema: TokenBalance } },
      errors: ["invalid_address", ...NODE_ERRORS],
      handle: ({ request }) => readBalance(surface, request.params.address),
    }),
    endpoint({
      ...common,
      path: `${API_ROOT}/usdt/transactions/:address`,
      summary: "The engine's USDT transfers from and to an address",
      description: "Only what this engine sent; for everything on the chain ask a block explorer.",
      inputs: { params, querystring: TokenHistoryQuery },
      answers: { 200: { description: "Transfers", schema: pageOf(HistoryEntry) } },
      errors: ["invalid_address", "invalid_cursor"],
      handle: ({ request: { params: place, query } }) => {
        const wrong = judgeAddress(surface, place.address);
        if (wrong !== undefined) return { refusal: wrong };
        return readHistory(surface, {
          address: place.address,
          query,
          matches: (record) => payoutContext(record).asset === "USDT",
        });
      },
    }),
    endpoint({
      ...common,
      path: `${API_ROOT}/usdt/contract`,
      summary: "The USDT contract, its fee, and whether it is paused or has frozen an address",
      inputs: { querystring: ContractQuery },
      answers: { 200: { description: "The contract", schema: TokenContract } },
      errors: ["invalid_address", ...NODE_ERRORS],
      handle: ({ request }) => readContract(surface, request.query.address),
    }),
  ];
}

async function readBalance(surface: Surface, address: string): Promise<Outcome> {
  const wrong = judgeAddress(surface, address);
  if (wrong !== undefined) return { refusal: wrong };
  const { amount, atBlock } = await surface.gateway.tokenBalance(address, nodeSignal());
  return {
    status: 200,
    body: { address, asset: "USDT", balance: formatDecimal(amount), balance_units: amount, at_block: atBlock },
  };
}

async function readContract(surface: Surface, asked: string | undefined): Promise<Outcome> {
  const { network, addresses, gateway } = surface;
  const wrong = asked === undefined ? undefined : judgeAddress(surface, asked);
  if (wrong !== undefined) return { refusal: wrong };
  const checked =
    asked === undefined ? null : { address: asked, blacklisted: await gateway.isBlacklisted(asked, nodeSignal()) };
  const { usdtContract: address, name } = network;
  const hex = addresses.toHex41(address);
  const terms = await readTerms(surface);
  return { status: 200, body: { address, hex, symbol: "USDT", decimals: 6, network: name, ...terms, checked } };
}

/** What is known without a node is told without one. */
async function readTerms({ gateway, logger }: Surface) {
  try {
    const { isPaused: paused, feeBasisPoints, feeMax } = await gateway.tokenTerms(nodeSignal());
    return {
      paused,
      fee: { basis_points: feeBasisPoints, maximum: formatDecimal(feeMax), maximum_units: feeMax },
    };
  } catch (error) {
    logger.debug({ error }, "the token could not be asked for its terms");
    return { paused: null, fee: null };
  }
}
