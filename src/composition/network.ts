/** The chain the program pays on: an embedded devnet when no node is configured for it, otherwise the network's nodes. */
import { join } from "node:path";
import { NETWORKS } from "../chain/networks.ts";
import type { Devnet } from "../devnet/handle.ts";
import { Fault } from "../domain/errors.ts";
import type { Config } from "../operations/config.ts";
import { isTronAddress } from "../tron/address.ts";

export type Network = {
  readonly name: string;
  readonly genesisId: string;
  readonly usdtContract: string;
  readonly urls: readonly string[];
};

/** The caller closes the devnet. Throws `Fault("config_invalid")`, or what `startDevnet` throws. */
export async function openNetwork(config: Config): Promise<{ devnet: Devnet | undefined; network: Network }> {
  const { chain } = config;
  if (chain.network === "devnet" && chain.endpoints.length === 0) {
    const { port, blockMs, solidLag } = config.devnet;
    // Its virtual machine is a third of what a start has to load, and real networks do not need it.
    const { startDevnet } = await import("../devnet/devnet.ts");
    const devnet = await startDevnet({
      port,
      slotMs: blockMs,
      solidLag,
      dataDir: join(config.dataDir, "devnet"),
      seed: "lucid",
    });
    return {
      devnet,
      network: { name: "devnet", genesisId: devnet.genesisId, usdtContract: devnet.usdtContract, urls: [devnet.url] },
    };
  }
  const known = chain.network === "custom" ? undefined : NETWORKS[chain.network];
  const genesisId = chain.genesisId ?? (known !== undefined && "genesisId" in known ? known.genesisId : undefined);
  const usdtContract =
    chain.usdtContract ?? (known !== undefined && "usdtContract" in known ? known.usdtContract : undefined);
  if (genesisId === undefined || usdtContract === undefined) {
    throw new Fault(
      "config_invalid",
      "a devnet of its own needs TRON_GENESIS_ID and USDT_CONTRACT; it prints both when it starts",
    );
  }
  if (!isTronAddress(usdtContract)) {
    throw new Fault("config_invalid", "USDT_CONTRACT: the address is mistyped, its checksum is wrong");
  }
  return {
    devnet: undefined,
    network: {
      name: chain.network,
      genesisId,
      usdtContract,
      urls: chain.endpoints.length > 0 ? chain.endpoints : (known?.urls ?? []),
    },
  };
}
