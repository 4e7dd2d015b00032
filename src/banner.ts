/** What an operator sees first. */
import type { Program } from "./compose.ts";

export function banner({ url, network, treasury, firstTokenFile }: Program): string {
  const lines = [
    `lucid-tron is ready   ${url}`,
    `  network             ${network.name} (${network.urls.join(", ")})`,
    `  USDT contract       ${network.usdtContract}`,
    ...(treasury === undefined ? [] : [`  treasury wallet     ${treasury.id}  ${treasury.address}  (funded by the devnet's faucet)`]),
    ...(firstTokenFile === undefined ? [] : [`  first API token     ${firstTokenFile}`]),
    `  API documentation   ${url}/docs`,
    `  next                npm run demo`,
  ];
  return lines.join("\n");
}
