/** TRC10 tokens begin and change (java-tron AssetIssueActuator, UnfreezeAssetActuator, UpdateAssetActuator). */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { addAsset, assetById, changeHoldings, holdingsOf, takeAssetId, writeAsset } from "../assets.ts";
import { isReadable } from "../names.ts";
import { parametersOf } from "../chain-parameters.ts";
import { invalid, type Rejection } from "../outcome.ts";
import { accountOf, type Session, type View } from "../state.ts";
import type { Actuators, Effect, Moment } from "./actuator.ts";
import { burnFee } from "./fees.ts";

const NAME_BYTES_MAX = 32;
const DESCRIPTION_BYTES_MAX = 200;
const URL_BYTES_MAX = 256;
const PRECISION_MAX = 6;
const FROZEN_PARTS_MAX = 10;
const FROZEN_DAYS = { min: 1n, max: 3652n };
const DAY_MS = 86_400_000;
/** Exclusive limit of a token's daily quotas. */
const ONE_DAY_NET_LIMIT = 57_600_000_000n;

type Issue = ContractValue<"AssetIssueContract">;
type Update = ContractValue<"UpdateAssetContract">;

export const assetIssueActuators = {
  AssetIssueContract: {
    validate: (view, { value }, moment) => refusal(objectionToIssue(view, value, moment)),
    execute: (session, { value }) => issue(session, value),
  },
  UnfreezeAssetContract: {
    validate: (view, { value }, moment) => refusal(objectionToUnfreeze(view, value.owner_address, moment)),
    execute: (session, { value }, moment) => unfreeze(session, value.owner_address, moment),
  },
  UpdateAssetContract: {
    validate: (view, { value }) => refusal(objectionToUpdate(view, value)),
    execute: (session, { value }) => update(session, value),
  },
} satisfies Actuators;

const FREE: Effect = { result: "SUCCESS", fee: 0n };

function refusal(objection: string | undefined): Rejection | undefined {
  return objection === undefined ? undefined : invalid(objection);
}

function objectionToIssue(view: View, value: Issue, at: Moment): string | undefined {
  if (!isHex41(value.owner_address)) return "Invalid ownerAddress";
  const objection =
    objectionToLabels(value) ??
    objectionToTimes(value, at) ??
    objectionToAmounts(value) ??
    objectionToLimits(value.free_asset_net_limit, value.public_free_asset_net_limit) ??
    objectionToFrozenSupply(value);
  if (objection !== undefined) return objection;
  const account = accountOf(view, value.owner_address);
  if (account === undefined) return "Account not exists";
  if (holdingsOf(view, value.owner_address).issuedName !== "") return "An account can only issue one asset";
  return account.balance < BigInt(parametersOf(view).getAssetIssueFee) ? "No enough balance for fee!" : undefined;
}

function objectionToLabels({ name, precision, abbr, url, description }: Issue): string | undefined {
  if (!isReadable(name, NAME_BYTES_MAX)) return "Invalid assetName";
  if (Buffer.from(name, "hex").toString("utf8").toLowerCase() === "trx") return "assetName can't be trx";
  if (precision < 0 || precision > PRECISION_MAX) return "precision cannot exceed 6";
  if (abbr !== "" && !isReadable(abbr, NAME_BYTES_MAX)) return "Invalid abbreviation for token";
  return objectionToPage({ url, description });
}

function objectionToPage({ url, description }: { url: string; description: string }): string | undefined {
  if (url === "" || url.length / 2 > URL_BYTES_MAX) return "Invalid url";
  return description.length / 2 > DESCRIPTION_BYTES_MAX ? "Invalid description" : undefined;
}

function objectionToTimes({ start_time: start, end_time: end }: Issue, at: Moment): string | undefined {
  if (start === 0n) return "Start time should be not empty";
  if (end === 0n) return "End time should be not empty";
  if (end <= start) return "End time should be greater than start time";
  return start <= BigInt(at.headTimestamp) ? "Start time should be greater than HeadBlockTime" : undefined;
}

function objectionToAmounts(value: Issue): string | undefined {
  if (value.total_supply <= 0n) return "TotalSupply must greater than 0!";
  if (value.trx_num <= 0) return "TrxNum must greater than 0!";
  if (value.num <= 0) return "Num must greater than 0!";
  if (value.public_free_asset_net_usage !== 0n) return "PublicFreeAssetNetUsage must be 0!";
  return value.frozen_supply.length > FROZEN_PARTS_MAX ? "Frozen supply list length is too long" : undefined;
}

function objectionToLimits(own: bigint, shared: bigint): string | undefined {
  if (own < 0n || own >= ONE_DAY_NET_LIMIT) return "Invalid FreeAssetNetLimit";
  return shared < 0n || shared >= ONE_DAY_NET_LIMIT ? "Invalid PublicFreeAssetNetLimit" : undefined;
}

function objectionToFrozenSupply({ frozen_supply: parts, total_supply }: Issue): string | undefined {
  let left = total_supply;
  for (const { frozen_amount: amount, frozen_days: days } of parts) {
    if (amount <= 0n) return "Frozen supply must be greater than 0!";
    if (amount > left) return "Frozen supply cannot exceed total supply";
    if (days < FROZEN_DAYS.min || days > FROZEN_DAYS.max) {
      return `frozenDuration must be less than ${FROZEN_DAYS.max} days and more than ${FROZEN_DAYS.min} days`;
    }
    left -= amount;
  }
  return undefined;
}

function issue(session: Session, value: Issue): Effect | Rejection {
  const { owner_address: owner } = value;
  const id = takeAssetId(session);
  writeAsset(session, { ...value, id });
  const frozenSupply = value.frozen_supply.map(({ frozen_amount, frozen_days }) => ({
    amount: frozen_amount,
    expires: Number(value.start_time) + Number(frozen_days) * DAY_MS,
  }));
  const frozen = frozenSupply.reduce((sum, { amount }) => sum + amount, 0n);
  const before = holdingsOf(session, owner).frozenSupply;
  changeHoldings(session, owner, {
    issuedId: id,
    issuedName: value.name,
    frozenSupply: [...before, ...frozenSupply],
  });
  addAsset(session, owner, { id, amount: value.total_supply - frozen });
  const fee = BigInt(parametersOf(session).getAssetIssueFee);
  return burnFee(session, owner, fee) ?? { result: "SUCCESS", fee, amounts: { assetIssueID: id } };
}

function objectionToUnfreeze(view: View, owner: string, at: Moment): string | undefined {
  if (!isHex41(owner)) return "Invalid address";
  if (accountOf(view, owner) === undefined) return `Account[${owner}] does not exist`;
  const { frozenSupply, issuedId } = holdingsOf(view, owner);
  if (frozenSupply.length === 0) return "no frozen supply balance";
  if (issuedId === "") return "this account has not issued any asset";
  const ripe = frozenSupply.some(({ expires }) => expires <= at.headTimestamp);
  return ripe ? undefined : "It's not time to unfreeze asset supply";
}

function unfreeze(session: Session, owner: string, at: Moment): Effect {
  const { frozenSupply, issuedId } = holdingsOf(session, owner);
  const ripe = frozenSupply.filter(({ expires }) => expires <= at.headTimestamp);
  changeHoldings(session, owner, { frozenSupply: frozenSupply.filter((part) => !ripe.includes(part)) });
  addAsset(session, owner, { id: issuedId, amount: ripe.reduce((sum, { amount }) => sum + amount, 0n) });
  return FREE;
}

function objectionToUpdate(view: View, value: Update): string | undefined {
  const { owner_address: owner, url, description, new_limit, new_public_limit } = value;
  if (!isHex41(owner)) return "Invalid ownerAddress";
  if (accountOf(view, owner) === undefined) return "Account does not exist";
  const { issuedId } = holdingsOf(view, owner);
  if (issuedId === "") return "Account has not issued any asset";
  if (assetById(view, issuedId) === undefined) return "Asset is not existed in AssetIssueV2Store";
  return objectionToPage({ url, description }) ?? objectionToLimits(new_limit, new_public_limit);
}

function update(session: Session, value: Update): Effect {
  const asset = assetById(session, holdingsOf(session, value.owner_address).issuedId);
  if (asset === undefined) throw new RangeError("an update without a token is refused before");
  writeAsset(session, {
    ...asset,
    url: value.url,
    description: value.description,
    free_asset_net_limit: value.new_limit,
    public_free_asset_net_limit: value.new_public_limit,
  });
  return FREE;
}
