/** What the demo makes of answers that a healthy engine does not give. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { EXIT } from "../../src/cli/demo-options.ts";
import { EngineClient } from "../../src/cli/engine-client.ts";

const server = createServer((_, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ items: [], damaged: [{ kind: "payout", id: "po_1" }], next_cursor: null }));
});

afterEach(() => void server.close());

test("a list in which something cannot be read is not taken for a whole one", async () => {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = new EngineClient({
    url: `http://127.0.0.1:${port}`,
    token: "t",
    patienceMs: 0,
    say: () => {},
  });
  await expect(client.list("/api/v1/tron/payouts")).rejects.toMatchObject({
    exitCode: EXIT.engine,
    message: expect.stringContaining("payout po_1"),
  });
});
