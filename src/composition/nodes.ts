/** The nodes of the configuration, with their keys, limits and certificates, ready for the gateway. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { NodeEndpoint } from "../chain/open-pool.ts";
import { Fault } from "../domain/errors.ts";
import type { Config } from "../operations/config.ts";
import { voiceOf } from "../operations/node-config.ts";

/** What TronGrid's free plan takes per key and second, and what is tried without a key, where it names no number. */
const TRONGRID = { perSecondWithKey: 15, perSecondWithout: 3, perDay: 100_000 };

/** Throws `Fault("config_invalid")` that names the variable of a file that cannot be used, and nothing of what is in it. */
export async function nodeEndpoints(chain: Config["chain"], urls: readonly string[]): Promise<NodeEndpoint[]> {
  const { solidityEndpoints, apiKeys, proxy } = chain;
  const tls = await tlsOf(chain);
  const separate = solidityEndpoints.length > 0;
  const nodes = [
    ...urls.map((url) => ({ url, role: separate ? ("full" as const) : ("both" as const) })),
    ...solidityEndpoints.map((url) => ({ url, role: "solidity" as const })),
  ];
  return nodes.map((node, index) => {
    const apiKey = (apiKeys.length === 1 ? apiKeys[0] : apiKeys[index])?.reveal();
    const isTronGrid = /(^|\.)trongrid\.io$/.test(new URL(node.url).hostname);
    const known = apiKey === undefined ? TRONGRID.perSecondWithout : TRONGRID.perSecondWithKey;
    return {
      ...node,
      voice: voiceOf(node.url, chain.voiceIs),
      apiKey,
      proxyUrl: proxy?.reveal(),
      tls,
      perSecond: chain.requestsPerSecond ?? (isTronGrid ? known : undefined),
      perDay: chain.requestsPerDay ?? (isTronGrid ? TRONGRID.perDay : undefined),
    };
  });
}

async function tlsOf({ caFile, certFile, keyFile }: Config["chain"]): Promise<NodeEndpoint["tls"]> {
  if (caFile === undefined && certFile === undefined) return undefined;
  const ca = await pem("TRON_CA_FILE", caFile, (text) => void new X509Certificate(text));
  const cert = await pem("TRON_CERT_FILE", certFile, (text) => void new X509Certificate(text));
  const key = await pem("TRON_KEY_FILE", keyFile, (text) => void createPrivateKey(text));
  if (cert !== undefined && key !== undefined && !new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new Fault("config_invalid", "TRON_KEY_FILE: this is not the private key of TRON_CERT_FILE");
  }
  return { ca, cert, key };
}

async function pem(name: string, file: string | undefined, check: (text: string) => void): Promise<string | undefined> {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Fault("config_invalid", `${name}: ${file} cannot be read (${code})`);
  }
  try {
    check(text);
  } catch {
    throw new Fault("config_invalid", `${name}: ${file} is not a PEM file of the right kind`);
  }
  return text;
}
