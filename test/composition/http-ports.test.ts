import { expect, test } from "vitest";
import { httpPorts, type HttpParts } from "../../src/composition/http-ports.ts";
import { loadConfig } from "../../src/operations/config.ts";

/** Only what the question needs; the rest of the program is not there. */
function portsOf(parts: { wallets: readonly string[]; keys: Readonly<Record<string, string>> }) {
  return httpPorts({
    config: loadConfig({ DATA_DIR: "/nowhere" }),
    engine: { has: ({ id }: { id: string }) => parts.wallets.includes(id) },
    gateway: { on: () => ({}) },
    keystore: { walletOf: (address: string) => parts.keys[address] },
  } as unknown as HttpParts);
}

test("an address whose import was refused is nobody's own, although its key is on the disk", () => {
  const { ownAddress } = portsOf({ wallets: ["wal_a"], keys: { TA: "wal_a", TB: "wal_refused" } });
  expect([ownAddress("TA"), ownAddress("TB"), ownAddress("TC")]).toEqual([true, false, false]);
});
