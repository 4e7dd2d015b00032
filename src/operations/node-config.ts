/** How the variables about nodes go together. */
type NodeSettings = {
  readonly network: string;
  readonly endpoints: readonly string[];
  readonly solidityEndpoints: readonly string[];
  readonly apiKeys: readonly unknown[];
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly finalityNodes: number;
};

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
    if (new Set(urls).size < urls.length) wrong.push(`${name}: an address is there twice; one node is one opinion.`);
  }
  const voices = voicesOf(solidityEndpoints, endpoints);
  if (chain.finalityNodes > Math.max(1, distinct(voices, "host"))) {
    wrong.push(
      `TRON_FINALITY_NODES: ${chain.finalityNodes} nodes cannot agree where ${Math.max(1, voices.length)} can be asked for solidified blocks; add nodes, or write a smaller number.`,
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

/** Two services of one machine are not two witnesses, unless the operator says so. */
function distinct(endpoints: readonly string[], part: "hostname" | "host"): number {
  return new Set(endpoints.map((url) => (URL.canParse(url) ? new URL(url)[part] : url))).size;
}
