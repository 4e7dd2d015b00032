import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodeEndpoints } from "../../src/composition/nodes.ts";
import { loadConfig } from "../../src/operations/config.ts";
import { makeAuthority } from "../chain/certificates.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "nodes-"));
});
afterEach(() => rm(directory, { recursive: true }));

const chainOf = (environment: Record<string, string>) => loadConfig(environment).chain;
const endpointsOf = (environment: Record<string, string>) => {
  const chain = chainOf(environment);
  return nodeEndpoints(chain, chain.endpoints);
};

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

describe("the nodes of the configuration", () => {
  test("serve both unless there are solidity nodes; each has its own key", async () => {
    const http = { TRON_HTTP_ENDPOINT: "http://a:8090,http://b:8090" };
    expect(await endpointsOf({ ...http, TRON_API_KEY: "one" })).toMatchObject([
      { url: "http://a:8090", role: "both", apiKey: "one" },
      { url: "http://b:8090", role: "both", apiKey: "one" },
    ]);
    const separate = { ...http, TRON_SOLIDITY_ENDPOINT: "http://a:8091", TRON_API_KEY: "one,-,three" };
    expect(await endpointsOf(separate)).toMatchObject([
      { url: "http://a:8090", role: "full", apiKey: "one" },
      { url: "http://b:8090", role: "full", apiKey: undefined },
      { url: "http://a:8091", role: "solidity", apiKey: "three" },
    ]);
  });

  test("of one host have one voice; where the operator names the number, one for each port", async () => {
    const own = { TRON_HTTP_ENDPOINT: "http://N1.example.:8090,http://n1.example:8091/KEY,https://n2.example" };
    const voices = async (environment: Record<string, string>) =>
      (await endpointsOf(environment)).map(({ voice }) => voice);
    expect(await voices(own)).toEqual(["n1.example", "n1.example", "n2.example"]);
    expect(await voices({ ...own, TRON_FINALITY_NODES: "2" })).toEqual([
      "n1.example:8090",
      "n1.example:8091",
      "n2.example",
    ]);
  });

  test.each([
    ["TronGrid with a key", { TRON_HTTP_ENDPOINT: "https://api.trongrid.io", TRON_API_KEY: "k" }, 15, 100_000],
    ["TronGrid without a key", { TRON_HTTP_ENDPOINT: "https://nile.trongrid.io" }, 3, 100_000],
    ["a node of one's own", { TRON_HTTP_ENDPOINT: "http://node:8090" }, undefined, undefined],
    ["a name that only looks like it", { TRON_HTTP_ENDPOINT: "http://nottrongrid.io" }, undefined, undefined],
    [
      "a larger plan",
      {
        TRON_HTTP_ENDPOINT: "https://api.trongrid.io",
        TRON_REQUESTS_PER_SECOND: "50",
        TRON_REQUESTS_PER_DAY: "1000000",
      },
      50,
      1_000_000,
    ],
  ])("%s has its limits", async (_name, environment, perSecond, perDay) => {
    expect(await endpointsOf(environment)).toMatchObject([{ perSecond, perDay }]);
  });
});

describe("certificate files", () => {
  test("are read, and belong together", async () => {
    const authority = makeAuthority("ours");
    const { cert, key } = authority.issue({ name: "engine" });
    const environment = {
      TRON_HTTP_ENDPOINT: "https://node",
      TRON_CA_FILE: await file("ca.pem", authority.pem),
      TRON_CERT_FILE: await file("cert.pem", cert),
      TRON_KEY_FILE: await file("key.pem", key),
    };
    expect(await endpointsOf(environment)).toMatchObject([{ tls: { ca: authority.pem, cert, key } }]);
    const other = await file("other.pem", authority.issue({ name: "other" }).key);
    await expect(endpointsOf({ ...environment, TRON_KEY_FILE: other })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("TRON_KEY_FILE: this is not the private key of TRON_CERT_FILE"),
    });
  });

  test.each(["TRON_CA_FILE", "TRON_CERT_FILE", "TRON_KEY_FILE"] as const)(
    "that cannot be used name their variable and show nothing of what is in them: %s",
    async (name) => {
      const { cert, key } = makeAuthority("ours").issue({ name: "engine" });
      const good = { TRON_CERT_FILE: await file("cert.pem", cert), TRON_KEY_FILE: await file("key.pem", key) };
      const bad = await file("bad.pem", "canary-7d1f");
      for (const [path, reason] of [
        [bad, "is not a PEM file"],
        [join(directory, "absent"), "cannot be read (ENOENT)"],
      ] as const) {
        const message = await endpointsOf({ ...good, [name]: path }).catch((error: Error) => error.message);
        expect(message).toContain(`${name}: ${path} ${reason}`);
        expect(message).not.toContain("canary");
      }
    },
  );
});
