import { allows } from "../../security/access.ts";
import { AddressFindings, AddressQuestion, RawTransaction, Relay } from "../contract/network.ts";
import { API_ROOT, endpoint, type Endpoint, type Outcome } from "../endpoint.ts";
import { lookalikesOf } from "../lookalikes.ts";
import { nodeSignal } from "../node-signal.ts";
import { relay } from "../relays.ts";
import type { Surface } from "../surface.ts";

/** The two questions of the network that take a body. */
export function addressEndpoints(surface: Surface): Endpoint[] {
  return [
    endpoint({
      method: "POST",
      path: `${API_ROOT}/network/validate-address`,
      aliases: [`${API_ROOT}/wallet/validate-address`],
      tag: "Network",
      scope: "network:read",
      summary: "Everything that speaks against paying to an address",
      description:
        "Look-alikes of payees and wallets are told to tokens that have payouts:read too, and so are their warnings.",
      inputs: { body: AddressQuestion },
      answers: {
        200: { description: "Findings; valid says whether it is an address at all", schema: AddressFindings },
      },
      handle: ({ request: { body, principal } }) =>
        examine(surface, { text: body.address, tellsPayees: allows(principal, "payouts:read") }),
    }),
    endpoint({
      method: "POST",
      path: `${API_ROOT}/broadcast/raw`,
      aliases: [`${API_ROOT}/network/broadcast/raw`],
      tag: "Network",
      scope: "tx:broadcast",
      summary: "Push a transaction that somebody else signed",
      description:
        "Only plain transfers of TRX and USDT, and none from an address whose key a wallet of this engine holds, as its ledger would not know of it. Its bytes are written down first, and handed to nodes until one took or refused them or their time is over; follow the txid for what the chain decides.",
      idempotencyKey: "required",
      inputs: { body: RawTransaction },
      answers: { 202: { description: "Written down, and on its way to a node", schema: Relay } },
      errors: ["tx_malformed", "tx_type_not_allowed", "tx_expired", "conflict", "quarantined"],
      handle: ({ request: { body, principal }, idempotency }) =>
        idempotency === undefined ? undefined : relay(surface, { rawHex: body.raw_hex, by: principal.id, idempotency }),
    }),
  ];
}

type Question = { readonly text: string; readonly tellsPayees: boolean };

async function examine(surface: Surface, { text, tellsPayees }: Question): Promise<Outcome> {
  const { addresses, ownAddress } = surface;
  const isHex = /^41[0-9a-f]{40}$/i.test(text);
  const address = isHex ? addresses.fromHex41(text) : text;
  if (!addresses.isValid(address)) {
    const warnings = ["not a TRON address, or its checksum is wrong"];
    const unknown = {
      address: null,
      hex: null,
      valid: false,
      form: "unknown",
      own: false,
      activated: null,
      is_contract: null,
      blacklisted: null,
      lookalikes: tellsPayees ? [] : null,
    };
    return { status: 200, body: { ...unknown, warnings } };
  }
  const [onChain, lookalikes] = await Promise.all([
    lookUp(surface, address),
    tellsPayees ? lookalikesOf(surface, address) : null,
  ]);
  const own = ownAddress(address);
  const warnings = [
    ...(isHex ? ["hex has no checksum: a wrong digit is another address"] : []),
    ...(addresses.isBurned(address) ? ["nobody can spend from this address"] : []),
    ...(own ? ["a wallet of this engine holds its key"] : []),
    ...(lookalikes ?? []).map((known) => `it looks like ${known}, a payee or wallet here, and is another address`),
    ...(onChain.is_contract === true ? ["it is a contract, which may never give money back"] : []),
    ...(onChain.blacklisted === true ? ["the USDT contract has frozen it"] : []),
    ...(onChain.activated === false
      ? ["it is not activated: a first TRX transfer to it costs about 1.1 TRX more"]
      : []),
    ...(onChain.activated === null ? ["no node answered; what the chain knows about it is not included"] : []),
  ];
  const body = {
    address,
    hex: addresses.toHex41(address),
    valid: true,
    form: isHex ? "hex" : "base58",
    own,
    ...onChain,
    lookalikes,
    warnings,
  };
  return { status: 200, body };
}

type OnChain = { activated: boolean | null; is_contract: boolean | null; blacklisted: boolean | null };

async function lookUp({ gateway, logger }: Surface, address: string): Promise<OnChain> {
  const signal = nodeSignal();
  try {
    const [account, blacklisted] = await Promise.all([
      gateway.account(address, signal),
      gateway.isBlacklisted(address, signal),
    ]);
    return { activated: account.activated, is_contract: account.isContract, blacklisted };
  } catch (error) {
    logger.debug({ error }, "an address could not be looked up");
    return { activated: null, is_contract: null, blacklisted: null };
  }
}
