import { expect, test } from "vitest";
import { accessOf } from "../../src/cli/witness-access.ts";
import { loadConfig } from "../../src/operations/config.ts";

type Named = { readonly given?: string; readonly known?: string };

function access(env: NodeJS.ProcessEnv, { given, known }: Named = {}) {
  const { chain } = loadConfig({ WALLET_ENCRYPTION_KEY: "3f9c1a7be2d84c06b5a1907d4e6f8b23", ...env });
  return accessOf(chain, { given, known });
}

const nile = { TRON_NETWORK: "nile", TRON_API_KEY: "key" };

test("the user's node is asked, then the first of the configuration, then the engine's", () => {
  const env = { TRON_NETWORK: "nile", TRON_HTTP_ENDPOINT: "http://a/,http://b" };
  expect(access(env, { given: "http://c", known: "http://d" })?.url).toBe("http://c");
  expect(access(env, { known: "http://d" })?.url).toBe("http://a");
  expect(access({ TRON_NETWORK: "nile" }, { known: "http://d" })?.url).toBe("http://d");
  expect(access({ TRON_NETWORK: "nile" })).toBeUndefined();
});

test("solidified state is asked of the nodes that are configured for it", () => {
  const env = { ...nile, TRON_HTTP_ENDPOINT: "http://a", TRON_SOLIDITY_ENDPOINT: "http://s/" };
  expect(access(env)).toEqual({ url: "http://s", apiKey: "key" });
  expect(access({ ...env, TRON_API_KEY: "full,solid" })).toEqual({ url: "http://s", apiKey: "solid" });
  expect(access({ ...env, TRON_API_KEY: "full,-" })?.apiKey).toBeUndefined();
});

test("a key goes to the node that it is configured for, and to nobody else", () => {
  const env = { ...nile, TRON_HTTP_ENDPOINT: "https://a/one/,https://b", TRON_API_KEY: "first,second" };
  expect(access(env)).toEqual({ url: "https://a/one", apiKey: "first" });
  expect(access(env, { given: "https://b" })?.apiKey).toBe("second");
  expect(access(env, { given: "https://a/two" })?.apiKey).toBe("first");
  for (const given of ["http://a/one", "https://a:8443", "https://a.example.org", "https://nile.trongrid.io"])
    expect(access(env, { given })?.apiKey, given).toBeUndefined();
});

test("without an address the key is for the public node of the network", () => {
  expect(access(nile, { known: "https://nile.trongrid.io" })?.apiKey).toBe("key");
  expect(access(nile, { known: "https://node.example.org" })?.apiKey).toBeUndefined();
});
