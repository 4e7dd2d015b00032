/** Witnesses, maintenance and rewards (tron.md §2.3). */
import { isTronAddress, toHex41 } from "../../tron/address.ts";
import { isHex } from "../../tron/bytes.ts";
import { votesNow } from "../maintenance.ts";
import { brokerageOf, periodOf, rewardOf } from "../rewards.ts";
import { accountOf } from "../state.ts";
import { allWitnesses, byVotes, type NamedWitness, scheduleOf } from "../witnesses.ts";
import { int64, type Json, nonEmpty } from "./json.ts";
import { renderAddress, shownText } from "./render.ts";
import { type ApiRequest, int64Of, textOf } from "./request.ts";
import type { Context } from "./route.ts";

const PAGE_MAX = 1_000n;
const NOT_BASE58 = /[^1-9A-HJ-NP-Za-km-z]/;

export function listWitnesses(request: ApiRequest, context: Context): Json {
  return rendered(allWitnesses(context.at.state), request, context);
}

/** By the votes that the next maintenance would count, most first. */
export function getPaginatedNowWitnessList(request: ApiRequest, context: Context): Json {
  const { state } = context.at;
  const offset = int64Of(request, "offset");
  const asked = int64Of(request, "limit");
  const limit = asked > PAGE_MAX ? PAGE_MAX : asked;
  if (offset < 0n || limit <= 0n) return {};
  const changes = votesNow(state);
  const witnesses = allWitnesses(state).map((witness) => {
    return { ...witness, voteCount: witness.voteCount + (changes.get(witness.address) ?? 0n) };
  });
  const page = byVotes(witnesses).slice(Number(offset), Number(offset + limit));
  return page.length === 0 ? {} : rendered(page, request, context);
}

export function getNextMaintenanceTime(_request: ApiRequest, { at }: Context): Json {
  return { num: int64(periodOf(at.state).nextMaintenance) };
}

/** Zero is kept: a node writes this answer by hand. */
export function getReward(request: ApiRequest, { at }: Context): Json {
  const address = looseAddress(textOf(request, "address"));
  if (typeof address === "object") return address;
  const known = address !== "" && accountOf(at.state, address) !== undefined;
  return { reward: known ? rewardOf(at.state, address) : 0 };
}

export function getBrokerage(request: ApiRequest, { at }: Context): Json {
  const address = looseAddress(textOf(request, "address"));
  if (typeof address === "object") return address;
  return { brokerage: address === "" ? 0 : brokerageOf(at.state, address) };
}

/** Either spelling; "" for what is no address, and an answer for what cannot be read at all (java-tron Util.getAddress). */
function looseAddress(text: string): string | { Error: string } {
  if (text.trim() === "") return "";
  if (text.startsWith("41")) {
    if (isHex(text)) return text.toLowerCase();
    const why = "exception decoding Hex string: invalid characters encountered in Hex string";
    return { Error: `INVALID address, ${why}` };
  }
  const at = text.search(NOT_BASE58);
  if (at >= 0) return { Error: `INVALID address, Illegal character ${text.charAt(at)} at ${at}` };
  return isTronAddress(text) ? toHex41(text) : "";
}

function rendered(witnesses: readonly NamedWitness[], { visible }: ApiRequest, { at }: Context): Json {
  const { active } = scheduleOf(at.state);
  return {
    witnesses: witnesses.map((witness) => ({
      address: renderAddress(witness.address, visible),
      voteCount: int64(witness.voteCount),
      url: nonEmpty(shownText(witness.url)),
      totalProduced: int64(witness.produced),
      totalMissed: int64(witness.missed),
      latestBlockNum: int64(witness.latestBlock),
      latestSlotNum: int64(witness.latestSlot),
      isJobs: active.includes(witness.address) ? true : undefined,
    })),
  };
}
