/** The networks that the engine knows by name (tron.md §7, §9). Own URLs may replace `urls`; the genesis id stays. */
import type { TronAddress } from "../domain/chain-facts.ts";

export const NETWORK_NAMES = ["devnet", "nile", "shasta", "mainnet"] as const;
export type NetworkName = (typeof NETWORK_NAMES)[number];

export type Network = {
  readonly name: NetworkName;
  readonly urls: readonly string[];
  /** Absent for the devnet: each one has its own genesis block, and it tells which. */
  readonly genesisId?: string;
  /** Absent for the devnet, which deploys its own. */
  readonly usdtContract?: TronAddress;
  readonly explorer?: string;
};

export const NETWORKS = {
  devnet: { name: "devnet", urls: ["http://127.0.0.1:9090"] },
  nile: {
    name: "nile",
    urls: ["https://nile.trongrid.io"],
    genesisId: "0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc",
    usdtContract: "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
    explorer: "https://nile.tronscan.org",
  },
  shasta: {
    name: "shasta",
    urls: ["https://api.shasta.trongrid.io"],
    genesisId: "0000000000000000de1aa88295e1fcf982742f773e0419c5a9c134c994a9059e",
    usdtContract: "TG3XXyExBkPp9nzdajDZsozEu4BkaSJozs",
    explorer: "https://shasta.tronscan.org",
  },
  mainnet: {
    name: "mainnet",
    urls: ["https://api.trongrid.io"],
    genesisId: "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc",
    usdtContract: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    explorer: "https://tronscan.org",
  },
} as const satisfies Record<NetworkName, Network>;
