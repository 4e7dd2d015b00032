/**
 * Numbers that the devnet's chain begins with, and those that never change. Chain parameters are read through
 * `parametersOf` (chain-parameters.ts), because proposals change them.
 */

/** The chain parameters of mainnet (tron.md §8), in the order of java-tron's getchainparameters. Fees are sun. */
export const INITIAL_PARAMETERS = {
  getMaintenanceTimeInterval: 21_600_000,
  getAccountUpgradeCost: 9_999_000_000,
  getCreateAccountFee: 100_000,
  getTransactionFee: 1_000,
  getAssetIssueFee: 1_024_000_000,
  getWitnessPayPerBlock: 8_000_000,
  getWitnessStandbyAllowance: 115_200_000_000,
  getCreateNewAccountFeeInSystemContract: 1_000_000,
  getCreateNewAccountBandwidthRate: 1,
  getAllowCreationOfContracts: 1,
  getRemoveThePowerOfTheGr: -1,
  getEnergyFee: 100,
  getExchangeCreateFee: 1_024_000_000,
  getMaxCpuTimeOfOneTx: 80,
  getAllowUpdateAccountName: 0,
  getAllowSameTokenName: 1,
  getAllowDelegateResource: 1,
  getTotalEnergyLimit: 180_000_000_000,
  getAllowTvmTransferTrc10: 1,
  getTotalEnergyCurrentLimit: 180_000_000_000,
  getAllowMultiSign: 1,
  getAllowAdaptiveEnergy: 0,
  getTotalEnergyTargetLimit: 6_250_000,
  getTotalEnergyAverageUsage: 0,
  getUpdateAccountPermissionFee: 100_000_000,
  getMultiSignFee: 1_000_000,
  getAllowAccountStateRoot: 0,
  getAllowProtoFilterNum: 0,
  getAllowTvmConstantinople: 1,
  getAllowTvmSolidity059: 1,
  getAllowTvmIstanbul: 1,
  getAllowShieldedTRC20Transaction: 1,
  getForbidTransferToContract: 0,
  getAdaptiveResourceLimitTargetRatio: 10,
  getAdaptiveResourceLimitMultiplier: 1_000,
  getChangeDelegation: 1,
  getWitness127PayPerBlock: 128_000_000,
  getAllowMarketTransaction: 0,
  getMarketSellFee: 0,
  getMarketCancelFee: 0,
  getAllowPBFT: 0,
  getAllowTransactionFeePool: 0,
  getMaxFeeLimit: 15_000_000_000,
  getAllowOptimizeBlackHole: 1,
  getAllowNewResourceModel: 0,
  getAllowTvmFreeze: 0,
  getAllowTvmVote: 1,
  getAllowTvmLondon: 1,
  getAllowTvmCompatibleEvm: 0,
  getAllowAccountAssetOptimization: 0,
  getFreeNetLimit: 600,
  getTotalNetLimit: 43_200_000_000,
  getAllowHigherLimitForMaxCpuTimeOfOneTx: 1,
  getAllowAssetOptimization: 1,
  getAllowNewReward: 1,
  getMemoFee: 1_000_000,
  getAllowDelegateOptimization: 1,
  getUnfreezeDelayDays: 14,
  getAllowOptimizedReturnValueOfChainId: 1,
  getAllowDynamicEnergy: 1,
  getDynamicEnergyThreshold: 5_000_000_000,
  getDynamicEnergyIncreaseFactor: 2_000,
  getDynamicEnergyMaxFactor: 34_000,
  getAllowTvmShangHai: 1,
  getAllowCancelAllUnfreezeV2: 1,
  getMaxDelegateLockPeriod: 864_000,
  getAllowOldRewardOpt: 1,
  getAllowEnergyAdjustment: 1,
  getMaxCreateAccountTxSize: 1_000,
  getAllowStrictMath: 1,
  getConsensusLogicOptimization: 1,
  getAllowTvmCancun: 1,
  getAllowTvmBlob: 1,
} as const;

export const SLOT_MS = 3_000;
export const DAY_SLOTS = 28_800;
export const EXPIRATION_MAX_MS = 86_400_000;
export const TAPOS_BLOCKS = 65_536;
export const TX_BYTES_MAX = 512_000;
export const RESULT_BYTES = 64;
export const SIGNATURE_BYTES = 67;
export const PENDING_MAX = 2_000;
export const PENDING_TIMEOUT_MS = 60_000;
export const SIGNATURES_MAX = 5;

export const PUBLIC_BANDWIDTH = 14_400_000_000;
/** What the whole network has staked when the devnet begins, in TRX: a sample of Nile, so that shares look like real ones. */
export const INITIAL_WEIGHTS = { bandwidth: 68_305_209_098, energy: 2_411_528_185 };
export const CONSTANT_CALL_ENERGY_MAX = 100_000_000;
/** What prices were before the devnet began, as the price endpoints list them; mainnet's for bandwidth. */
export const INITIAL_PRICES = {
  getTransactionFee: "0:10,1606282800000:40,1612778400000:140,1625815200000:100,1626253800000:1000",
  getEnergyFee: "0:100",
  getMemoFee: "0:1000000",
};
/** Contract types that a default active permission may use, one bit each. */
export const ACTIVE_OPERATIONS = "7fff1fc0033efb0f".padEnd(64, "0");
/** Those that an active permission may be given: AccountPermissionUpdate besides. */
export const AVAILABLE_OPERATIONS = "7fff1fc0037efb0f".padEnd(64, "0");
