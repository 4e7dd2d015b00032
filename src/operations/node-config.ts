/** How the variables about nodes go together. */
type NodeSettings = {
  readonly network: string;
  readonly endpoints: readonly string[];
  readonly solidityEndpoints: readonly string[];
  readonly apiKeys: readonly unknown[];
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly finalityNodes: number;
  readonly voiceIs: VoicePart;
};

/** Two services of one machine are not two witnesses, unless the operator names the number: then each port is one. */
export type VoicePart = "hostname" | "host";

/** How many nodes have to agree about what is final, unless the operator says it. */
export function nodesToAgree(solidity: readonly string[], both: readonly string[]): number {
  return Math.min(2, Math.max(1, distinct(voicesOf(solidity, both), "hostname")));
}

/** What no single variable about nodes can know: each sentence names the variables and the way out. */
export function nodeRelations(chain: NodeSettings): string[] {
  const { endpoints, solidityEndpoints, apiKeys, certFile, keyFile } = chain;
  const wrong: string[] = [];
  const nodes = Math.max(1, endpoints.length) + solidityEndpoints.length;
  if (apiKeys.length > 1 && apiKeys.length !== nodes) {
    wrong.push(
      `TRON_API_KEY: ${apiKeys.length} keys for ${nodes} nodes; write one for all, or one for each (- for none).`,
    );
  }
  for (const [name, urls] of [
    ["TRON_HTTP_ENDPOINT", endpoints],
    ["TRON_SOLIDITY_ENDPOINT", solidityEndpoints],
  ] as const) {
    const bad = urls.findIndex((url) => !URL.canParse(url));
    if (bad >= 0) wrong.push(`${name}: address ${bad + 1} is not one; write http://host:port or https://host.`);
    if (new Set(urls.map(normalised)).size < urls.length)
      wrong.push(`${name}: an address is there twice; one node is one opinion.`);
  }
  const voices = Math.max(1, distinct(voicesOf(solidityEndpoints, endpoints), chain.voiceIs));
  if (chain.finalityNodes > voices) {
    wrong.push(
      `TRON_FINALITY_NODES: ${chain.finalityNodes} nodes cannot agree where ${voices} can be asked for solidified blocks; add nodes, or write a smaller number.`,
    );
  }
  if (solidityEndpoints.length > 0 && endpoints.length === 0 && chain.network === "devnet") {
    wrong.push("TRON_SOLIDITY_ENDPOINT: the embedded devnet serves both; write TRON_HTTP_ENDPOINT too.");
  }
  if ((certFile === undefined) !== (keyFile === undefined)) {
    wrong.push("TRON_CERT_FILE: it belongs together with TRON_KEY_FILE; write both or none.");
  }
  return wrong;
}

/** Only nodes that serve the solidity API can say what is final. */
function voicesOf(solidity: readonly string[], both: readonly string[]): readonly string[] {
  return solidity.length > 0 ? solidity : both;
}

function distinct(endpoints: readonly string[], part: VoicePart): number {
  return new Set(endpoints.map((url) => voiceOf(url, part))).size;
}

/** Whose word the answers of a node are: what is counted here is what is counted when nodes agree. */
export function voiceOf(url: string, part: VoicePart): string {
  // A name with the dot of the root is the same name.
  return URL.canParse(url) ? new URL(url)[part].replace(/\.(?=:|$)/, "") : url;
}

function normalised(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/+$/, "") : url;
}
