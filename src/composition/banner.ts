/** What an operator sees first. */
import type { Network } from "./network.ts";

export type Shown = {
  readonly url: string;
  readonly network: Network;
  readonly treasury: { readonly id: string; readonly address: string } | undefined;
  readonly firstTokenFile: string | undefined;
};

export function banner({ url, network, treasury, firstTokenFile }: Shown): string {
  const lines = [
    `lucid-tron is ready   ${url}  (pid ${process.pid})`,
    `  network             ${network.name} (${network.urls.map((url) => new URL(url).origin).join(", ")})`,
    `  USDT contract       ${network.usdtContract}`,
    ...(treasury === undefined ? [] : [`  treasury wallet     ${treasury.id}  ${treasury.address}  (devnet faucet)`]),
    ...(firstTokenFile === undefined ? [] : [`  first API token     ${firstTokenFile}`]),
    `  API documentation   ${url}/docs`,
    `  next                npm run demo`,
  ];
  return lines.join("\n");
}
