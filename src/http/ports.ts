/** What the HTTP surface needs from the rest of the program; `compose` hands it in. */
import type { TransferOrder, TronAddress, TxId } from "../domain/chain-facts.ts";
import type { Asset, Units } from "../domain/money.ts";
import type { Limits } from "../machines/ledger.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { ChainGateway, ChainView } from "../ports/world.ts";
import type { Authenticator } from "../security/access.ts";
import type { RateLimits } from "./rate-limit.ts";
import type { EngineFacade } from "../supervisor/facade.ts";

export type HttpPorts = {
  readonly engine: EngineFacade;
  readonly gateway: ChainGateway;
  readonly chain: ChainView & { status(): ChainStatus };
  readonly tokens: Authenticator;
  readonly keys: Keys;
  readonly addresses: Addresses;
  readonly network: Network;
  readonly payments: PaymentDefaults;
  /** Throws `Fault` `tx_malformed` or `tx_type_not_allowed`. */
  readonly decodeSigned: (signedHex: string) => SignedTransfer;
  /** Whether a wallet of this engine holds the key of the address. */
  readonly ownAddress: (address: TronAddress) => boolean;
  readonly diskState: () => "ok" | "low" | "full";
  /** Safe to show: secrets are already hidden. */
  readonly config: () => unknown;
  readonly metrics: HttpMetrics;
  readonly build: Build;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type HttpOptions = {
  /** Origins of browsers that may call the API; "*" allows every one. Cookies are never used. */
  readonly corsOrigins: readonly string[];
  /** Absent: callers are not limited. */
  readonly rateLimits?: RateLimits | undefined;
};

/** What the block follower has seen. Times are ms since epoch. */
export type ChainStatus = {
  readonly head: BlockPlace | undefined;
  readonly solid: BlockPlace | undefined;
  /** Blocks between the newest one and the last one read. */
  readonly lagBlocks: number;
  /** Blocks read per second lately. */
  readonly blocksPerSecond: number;
  /** Seconds until the newest block is read; `undefined`: cannot be told. */
  readonly etaSeconds: number | undefined;
  readonly watched: number;
  readonly forks: number;
  /** Engine clock; `undefined` before the first block. */
  readonly lastProgressAt: number | undefined;
  /** Why intake stopped for good. */
  readonly halted: string | undefined;
  readonly nodes: readonly NodeStatus[];
  readonly finality: FinalityView;
};
/** What the nodes say about solidified blocks, and how far they agree. Engine time, ms. */
export type FinalityView = {
  readonly required: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly state: string;
    readonly solid: number;
    readonly detail: string | undefined;
  }[];
  readonly dispute: { readonly number: number; readonly since: number; readonly detail: string } | undefined;
};
export type BlockPlace = { readonly number: number; readonly id: string; readonly timestamp: number };
/** One node as an operator may see it. Times are ms since epoch by the engine's clock; `null` is "not known". */
export type NodeStatus = {
  /** Without path, key or password. */
  readonly endpoint: string;
  /** `full`, `solidity` or `both`. */
  readonly role: string;
  /** `ready`, `resting`, `suspended` or `excluded`. */
  readonly state: string;
  /** `closed`, `open` or `half_open`. */
  readonly breaker: string;
  readonly excluded: string | null;
  readonly head: number | null;
  readonly solid: number | null;
  readonly lagBlocks: number | null;
  readonly errorRate: number;
  readonly latencyMs: number | null;
  readonly budget: {
    /** Learned; `null`: no limit is known. */
    readonly perSecond: number | null;
    readonly perDay: number | null;
    readonly today: number | null;
    readonly inFlight: number;
    readonly waiting: Readonly<Record<string, number>>;
  };
  readonly suspendedUntil: number | null;
  /** Wrong or missing answers so far, by kind. */
  readonly faults: Readonly<Record<string, number>>;
};

export type Keys = {
  /** Repeating it gives the same answer. `path` is `null` for an imported key. */
  createHdWallet(walletId: string): Promise<WalletKey>;
  /** A key keeps the wallet id that it came with first. Throws `Fault` `validation_failed` or `conflict`; never repeats the key. */
  importKey(walletId: string, privateKeyHex: string): Promise<ImportedKey>;
};
export type WalletKey = { readonly address: TronAddress; readonly path: string | null };
export type ImportedKey = WalletKey & { readonly walletId: string };

export type Addresses = {
  /** Base58check with the right length, prefix and checksum. */
  isValid(text: string): boolean;
  /** "T…" -> "41…". Throws `Fault("invalid_address")`. */
  toHex41(address: TronAddress): string;
  /** "41…" -> "T…". Throws `Fault("invalid_address")`. */
  fromHex41(hex: string): TronAddress;
  /** Nobody can spend from it: the zero address, the black hole. */
  isBurned(address: TronAddress): boolean;
  /** `undefined`: it is no private key. */
  ofPrivateKey(hex: string): TronAddress | undefined;
};

export type Network = {
  readonly name: string;
  readonly genesisId: string;
  readonly usdtContract: TronAddress;
  /** Ask the chain whether a new destination is a contract or frozen by the token before a payout is accepted. */
  readonly checkDestinations: boolean;
};

export type PaymentDefaults = {
  /** TRX set aside for the fee of one attempt, sun. */
  readonly feeReserveSun: Readonly<Record<Asset, Units>>;
  /** Limits of a wallet that is created without its own. */
  readonly limits: Limits;
};

/** A transaction that somebody else signed, decoded and recognised as a plain transfer. */
export type SignedTransfer = {
  readonly txId: TxId;
  readonly transfer: TransferOrder;
  readonly expiration: number;
  readonly feeLimitSun: Units;
  readonly signatures: number;
  /** The same transaction without whatever else its bytes carried. */
  readonly signedHex: string;
};

export type HttpMetrics = {
  exposition(): Promise<{ readonly contentType: string; readonly body: string }>;
  httpRequest(request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
  }): void;
};

export type Build = {
  readonly name: string;
  readonly version: string;
  readonly vcsRef: string | undefined;
  readonly buildDate: string | undefined;
};
