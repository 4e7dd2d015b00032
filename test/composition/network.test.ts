import { expect, test } from "vitest";
import { openNetwork } from "../../src/composition/network.ts";
import { loadConfig } from "../../src/operations/config.ts";

test("a mistyped USDT_CONTRACT is refused by name", async () => {
  const network = (contract: string) =>
    openNetwork(
      loadConfig({
        TRON_NETWORK: "custom",
        TRON_HTTP_ENDPOINT: "http://127.0.0.1:1",
        TRON_GENESIS_ID: "0".repeat(64),
        USDT_CONTRACT: contract,
        WALLET_ENCRYPTION_KEY: "6f1d3b8a90c2e4f5a7b6c8d9e0f1a2b3",
      }),
    );
  await expect(network("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6s")).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringContaining("USDT_CONTRACT"),
  });
  expect((await network("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")).network.name).toBe("custom");
});
