/** Which node the witness asks, and with which key. Pure. */
import { NETWORKS } from "../chain/networks.ts";
import type { Config } from "../operations/config.ts";

export type NodeAccess = { readonly url: string; readonly apiKey: string | undefined };
type Chain = Pick<Config["chain"], "network" | "endpoints" | "solidityEndpoints" | "apiKeys">;

/** `undefined` when nobody named a node. `given` is the user's own, `known` is the engine's. */
export function accessOf(
  chain: Chain,
  { given, known }: { given: string | undefined; known: string | undefined },
): NodeAccess | undefined {
  // Where solidified state has nodes of its own, the others need not serve it.
  const url = given ?? chain.solidityEndpoints[0] ?? chain.endpoints[0] ?? known;
  return url === undefined ? undefined : withKey(url, chain);
}

/** A key is for the nodes that it is configured for, whoever names another one. */
function withKey(node: string, { network, endpoints, solidityEndpoints, apiKeys }: Chain): NodeAccess {
  const url = withoutSlash(node);
  const named = endpoints.length > 0 ? endpoints : publicNodes(network);
  const configured = [...named, ...solidityEndpoints].map(withoutSlash);
  const exact = configured.indexOf(url);
  const index = exact >= 0 ? exact : configured.findIndex((each) => new URL(each).origin === new URL(url).origin);
  const key = index < 0 ? undefined : apiKeys[apiKeys.length === 1 ? 0 : index];
  return { url, apiKey: key?.reveal() };
}

function publicNodes(network: string): readonly string[] {
  return Object.values(NETWORKS).find(({ name }) => name === network)?.urls ?? [];
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
