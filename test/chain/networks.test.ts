import { expect, test } from "vitest";
import { NETWORK_NAMES, NETWORKS, type Network } from "../../src/chain/networks.ts";
import { isTronAddress } from "../../src/tron/address.ts";

const networks: readonly Network[] = NETWORK_NAMES.map((name) => NETWORKS[name]);

test.each(networks)("$name has valid addresses, and a genesis block of height 0 unless it is the devnet", (network) => {
  expect(network.urls.every((url) => URL.canParse(url))).toBe(true);
  if (network.name === "devnet") {
    expect([network.genesisId, network.usdtContract]).toEqual([undefined, undefined]);
  } else {
    expect(network.genesisId).toMatch(/^0{16}[0-9a-f]{48}$/);
    expect(isTronAddress(network.usdtContract ?? "")).toBe(true);
    expect(network.urls.every((url) => url.startsWith("https://"))).toBe(true);
  }
});

test("no two networks share a genesis block or a token contract", () => {
  const public_ = networks.filter((network) => network.name !== "devnet");
  expect(new Set(public_.map((network) => network.genesisId)).size).toBe(3);
  expect(new Set(public_.map((network) => network.usdtContract)).size).toBe(3);
});
