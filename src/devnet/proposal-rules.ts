/** Which chain parameters can be proposed, by the numbers of proposals, and which values (java-tron ProposalUtil). */
import { type ChainParameters, type ParameterName, parametersOf } from "./chain-parameters.ts";
import type { View } from "./state.ts";

/** What is wrong with a value while the parameters are these. */
type Check = (value: bigint, parameters: ChainParameters) => string | undefined;
type Rule = { readonly name: ParameterName; readonly check: Check };

const LONG_MAX = 100_000_000_000_000_000n;
const SUPPLY_MAX = 100_000_000_000n;
const MARKET_FEE_MAX = 10_000_000_000n;

const valid = (range: string) => `Bad chain parameter value, valid range is ${range}`;
const between =
  (min: bigint, max: bigint, message: string): Check =>
  (value) =>
    value < min || value > max ? message : undefined;
const long = between(0n, LONG_MAX, valid(`[0,${LONG_MAX}]`));
const anything: Check = () => undefined;
const only1 = (word: string) => between(1n, 1n, `This value[${word}] is only allowed to be 1`);
const zeroOr1 = (word: string) => between(0n, 1n, `This value[${word}] is only allowed to be 1 or 0`);
const both =
  (...checks: Check[]): Check =>
  (value, parameters) => {
    for (const check of checks) {
      const objection = check(value, parameters);
      if (objection !== undefined) return objection;
    }
    return undefined;
  };
const after =
  (name: ParameterName, word: string, next: string): Check =>
  (_, parameters) =>
    parameters[name] === 0 ? `[${word}] proposal must be approved before [${next}] can be proposed` : undefined;
const once =
  (name: ParameterName, message: string): Check =>
  (_, parameters) =>
    parameters[name] === 1 ? message : undefined;
const again = (word: string) => `[${word}] has been valid, no need to propose again`;
const never: Check = () => "Bad chain parameter id";

const RULES = new Map<bigint, Rule>(
  (
    [
      [0, "getMaintenanceTimeInterval", between(81_000n, 86_400_000n, valid("[3 * 27 * 1000,24 * 3600 * 1000]"))],
      [1, "getAccountUpgradeCost", long],
      [2, "getCreateAccountFee", long],
      [3, "getTransactionFee", long],
      [4, "getAssetIssueFee", long],
      [5, "getWitnessPayPerBlock", long],
      [6, "getWitnessStandbyAllowance", long],
      [7, "getCreateNewAccountFeeInSystemContract", long],
      [8, "getCreateNewAccountBandwidthRate", long],
      [9, "getAllowCreationOfContracts", only1("ALLOW_CREATION_OF_CONTRACTS")],
      [10, "getRemoveThePowerOfTheGr", removePower],
      [11, "getEnergyFee", anything],
      [12, "getExchangeCreateFee", anything],
      [13, "getMaxCpuTimeOfOneTx", cpuTime],
      [14, "getAllowUpdateAccountName", only1("ALLOW_UPDATE_ACCOUNT_NAME")],
      [15, "getAllowSameTokenName", only1("ALLOW_SAME_TOKEN_NAME")],
      [16, "getAllowDelegateResource", only1("ALLOW_DELEGATE_RESOURCE")],
      [17, "getTotalEnergyLimit", never],
      [
        18,
        "getAllowTvmTransferTrc10",
        both(
          only1("ALLOW_TVM_TRANSFER_TRC10"),
          after("getAllowSameTokenName", "ALLOW_SAME_TOKEN_NAME", "ALLOW_TVM_TRANSFER_TRC10"),
        ),
      ],
      [19, "getTotalEnergyCurrentLimit", long],
      [20, "getAllowMultiSign", only1("ALLOW_MULTI_SIGN")],
      [21, "getAllowAdaptiveEnergy", only1("ALLOW_ADAPTIVE_ENERGY")],
      [22, "getUpdateAccountPermissionFee", between(0n, SUPPLY_MAX, valid("[0, 100_000_000_000L]"))],
      [23, "getMultiSignFee", between(0n, SUPPLY_MAX, valid("[0, 100_000_000_000L]"))],
      [24, "getAllowProtoFilterNum", zeroOr1("ALLOW_PROTO_FILTER_NUM")],
      [25, "getAllowAccountStateRoot", zeroOr1("ALLOW_ACCOUNT_STATE_ROOT")],
      [
        26,
        "getAllowTvmConstantinople",
        both(
          only1("ALLOW_TVM_CONSTANTINOPLE"),
          after("getAllowTvmTransferTrc10", "ALLOW_TVM_TRANSFER_TRC10", "ALLOW_TVM_CONSTANTINOPLE"),
        ),
      ],
      [29, "getAdaptiveResourceLimitMultiplier", between(1n, 10_000n, valid("[1,10_000]"))],
      [30, "getChangeDelegation", zeroOr1("ALLOW_CHANGE_DELEGATION")],
      [31, "getWitness127PayPerBlock", long],
      [
        32,
        "getAllowTvmSolidity059",
        both(
          only1("ALLOW_TVM_SOLIDITY_059"),
          after("getAllowCreationOfContracts", "ALLOW_CREATION_OF_CONTRACTS", "ALLOW_TVM_SOLIDITY_059"),
        ),
      ],
      [33, "getAdaptiveResourceLimitTargetRatio", between(1n, 1_000n, valid("[1,1_000]"))],
      [
        35,
        "getForbidTransferToContract",
        both(
          only1("FORBID_TRANSFER_TO_CONTRACT"),
          after("getAllowCreationOfContracts", "ALLOW_CREATION_OF_CONTRACTS", "FORBID_TRANSFER_TO_CONTRACT"),
        ),
      ],
      [39, "getAllowShieldedTRC20Transaction", zeroOr1("ALLOW_SHIELDED_TRC20_TRANSACTION")],
      [40, "getAllowPBFT", only1("ALLOW_PBFT")],
      [41, "getAllowTvmIstanbul", only1("ALLOW_TVM_ISTANBUL")],
      [44, "getAllowMarketTransaction", only1("ALLOW_MARKET_TRANSACTION")],
      [45, "getMarketSellFee", marketFee("MARKET_SELL_FEE", "Market Sell Fee")],
      [46, "getMarketCancelFee", marketFee("MARKET_CANCEL_FEE", "Market Cancel Fee")],
      [47, "getMaxFeeLimit", feeLimit],
      [48, "getAllowTransactionFeePool", zeroOr1("ALLOW_TRANSACTION_FEE_POOL")],
      [49, "getAllowOptimizeBlackHole", zeroOr1("ALLOW_REMOVE_BLACKHOLE")],
      [51, "getAllowNewResourceModel", only1("ALLOW_NEW_RESOURCE_MODEL")],
      [52, "getAllowTvmFreeze", tvmFreeze()],
      [53, "getAllowAccountAssetOptimization", only1("ALLOW_ACCOUNT_ASSET_OPTIMIZATION")],
      [
        59,
        "getAllowTvmVote",
        both(only1("ALLOW_TVM_VOTE"), after("getChangeDelegation", "ALLOW_CHANGE_DELEGATION", "ALLOW_TVM_VOTE")),
      ],
      [60, "getAllowTvmCompatibleEvm", only1("ALLOW_TVM_COMPATIBLE_EVM")],
      [61, "getFreeNetLimit", between(0n, 100_000n, valid("[0,100_000]"))],
      [62, "getTotalNetLimit", between(0n, 1_000_000_000_000n, valid("[0, 1_000_000_000_000L]"))],
      [63, "getAllowTvmLondon", only1("ALLOW_TVM_LONDON")],
      [65, "getAllowHigherLimitForMaxCpuTimeOfOneTx", only1("ALLOW_HIGHER_LIMIT_FOR_MAX_CPU_TIME_OF_ONE_TX")],
      [66, "getAllowAssetOptimization", only1("ALLOW_ASSET_OPTIMIZATION")],
      [
        67,
        "getAllowNewReward",
        both(once("getAllowNewReward", "New reward has been valid."), only1("ALLOW_NEW_REWARD")),
      ],
      [
        68,
        "getMemoFee",
        between(0n, 1_000_000_000n, "This value[MEMO_FEE] is only allowed to be in the range 0-1000_000_000"),
      ],
      [69, "getAllowDelegateOptimization", only1("ALLOW_DELEGATE_OPTIMIZATION")],
      [
        70,
        "getUnfreezeDelayDays",
        between(1n, 365n, "This value[UNFREEZE_DELAY_DAYS] is only allowed to be in the range 1-365"),
      ],
      [71, "getAllowOptimizedReturnValueOfChainId", only1("ALLOW_OPTIMIZED_RETURN_VALUE_OF_CHAIN_ID")],
      [
        72,
        "getAllowDynamicEnergy",
        between(0n, 1n, "This value[ALLOW_DYNAMIC_ENERGY] is only allowed to be in the range 0-1"),
      ],
      [73, "getDynamicEnergyThreshold", long],
      [
        74,
        "getDynamicEnergyIncreaseFactor",
        between(0n, 10_000n, "This value[DYNAMIC_ENERGY_INCREASE_FACTOR] is only allowed to be in the range 0-10000"),
      ],
      [
        75,
        "getDynamicEnergyMaxFactor",
        between(0n, 100_000n, "This value[DYNAMIC_ENERGY_MAX_FACTOR] is only allowed to be in the range 0-100000"),
      ],
      [76, "getAllowTvmShangHai", only1("ALLOW_TVM_SHANGHAI")],
      [
        77,
        "getAllowCancelAllUnfreezeV2",
        both(
          only1("ALLOW_CANCEL_ALL_UNFREEZE_V2"),
          after("getUnfreezeDelayDays", "UNFREEZE_DELAY_DAYS", "ALLOW_CANCEL_ALL_UNFREEZE_V2"),
        ),
      ],
      [78, "getMaxDelegateLockPeriod", lockPeriod],
      [
        79,
        "getAllowOldRewardOpt",
        both(once("getAllowOldRewardOpt", again("ALLOW_OLD_REWARD_OPT")), only1("ALLOW_OLD_REWARD_OPT")),
      ],
      [
        81,
        "getAllowEnergyAdjustment",
        both(once("getAllowEnergyAdjustment", again("ALLOW_ENERGY_ADJUSTMENT")), only1("ALLOW_ENERGY_ADJUSTMENT")),
      ],
      [
        82,
        "getMaxCreateAccountTxSize",
        between(
          500n,
          10_000n,
          "This value[MAX_CREATE_ACCOUNT_TX_SIZE] is only allowed to be greater than or equal to 500 and less than or equal to 10000!",
        ),
      ],
      [83, "getAllowTvmCancun", both(once("getAllowTvmCancun", again("ALLOW_TVM_CANCUN")), only1("ALLOW_TVM_CANCUN"))],
      [
        87,
        "getAllowStrictMath",
        both(once("getAllowStrictMath", again("ALLOW_STRICT_MATH")), only1("ALLOW_STRICT_MATH")),
      ],
      [
        88,
        "getConsensusLogicOptimization",
        both(
          once("getConsensusLogicOptimization", again("CONSENSUS_LOGIC_OPTIMIZATION")),
          only1("CONSENSUS_LOGIC_OPTIMIZATION"),
        ),
      ],
      [89, "getAllowTvmBlob", both(once("getAllowTvmBlob", again("ALLOW_TVM_BLOB")), only1("ALLOW_TVM_BLOB"))],
    ] satisfies [number, ParameterName, Check][]
  ).map(([id, name, check]) => [BigInt(id), { name, check }]),
);

/** The parameter that proposals call by this number. */
export function parameterOfProposal(id: bigint): ParameterName | undefined {
  return RULES.get(id)?.name;
}

/** What is wrong with proposing this value now, in the node's words. */
export function objectionToValue(view: View, id: bigint, value: bigint): string | undefined {
  const rule = RULES.get(id);
  return rule === undefined ? `Does not support code : ${id}` : rule.check(value, parametersOf(view));
}

function removePower(value: bigint, parameters: ChainParameters): string | undefined {
  if (parameters.getRemoveThePowerOfTheGr === -1) {
    return "This proposal has been executed before and is only allowed to be executed once";
  }
  return only1("REMOVE_THE_POWER_OF_THE_GR")(value, parameters);
}

function cpuTime(value: bigint, parameters: ChainParameters): string | undefined {
  const max = parameters.getAllowHigherLimitForMaxCpuTimeOfOneTx === 1 ? 400n : 100n;
  return between(10n, max, valid(`[10,${max}]`))(value, parameters);
}

function marketFee(word: string, label: string): Check {
  return (value, parameters) => {
    if (parameters.getAllowMarketTransaction === 0) return `Market Transaction is not activated, can not set ${label}`;
    return between(
      0n,
      MARKET_FEE_MAX,
      `Bad ${word} parameter value, valid range is [0,10_000_000_000L]`,
    )(value, parameters);
  };
}

function feeLimit(value: bigint, parameters: ChainParameters): string | undefined {
  if (value < 0n) return "Bad MAX_FEE_LIMIT parameter value, value must not be negative";
  if (value <= MARKET_FEE_MAX) return undefined;
  if (parameters.getAllowTvmLondon === 0) {
    return "Bad MAX_FEE_LIMIT parameter value, valid range is [0,10_000_000_000L]";
  }
  return long(value, parameters);
}

function tvmFreeze(): Check {
  return both(
    only1("ALLOW_TVM_FREEZE"),
    after("getAllowDelegateResource", "ALLOW_DELEGATE_RESOURCE", "ALLOW_TVM_FREEZE"),
    after("getAllowMultiSign", "ALLOW_MULTI_SIGN", "ALLOW_TVM_FREEZE"),
    after("getAllowTvmConstantinople", "ALLOW_TVM_CONSTANTINOPLE", "ALLOW_TVM_FREEZE"),
    after("getAllowTvmSolidity059", "ALLOW_TVM_SOLIDITY_059", "ALLOW_TVM_FREEZE"),
  );
}

function lockPeriod(value: bigint, { getMaxDelegateLockPeriod: now, getUnfreezeDelayDays: days }: ChainParameters) {
  if (value <= BigInt(now) || value > 10_512_000n) {
    return (
      `This value[MAX_DELEGATE_LOCK_PERIOD] is only allowed to be greater than ${now} ` +
      "and less than or equal to 10512000 !"
    );
  }
  return days === 0
    ? "[UNFREEZE_DELAY_DAYS] proposal must be approved before [MAX_DELEGATE_LOCK_PERIOD] can be proposed"
    : undefined;
}
