/** What the routes share: the ports, and the few things of the HTTP surface that have a lifetime. */
import { Destinations } from "./destinations.ts";
import { Lookalikes } from "./lookalikes.ts";
import { HeldNames } from "./held-names.ts";
import { MachineWords } from "./machine-view.ts";
import { PayingWallets } from "./paying-wallets.ts";
import { PayoutIntake } from "./payout-intake.ts";
import type { HttpPorts } from "./ports.ts";
import type { StepStream } from "./step-stream.ts";

export type Surface = HttpPorts & {
  readonly words: MachineWords;
  readonly externalIds: HeldNames;
  /** Addresses whose wallet is being made. */
  readonly walletAddresses: HeldNames;
  readonly wallets: PayingWallets;
  readonly destinations: Destinations;
  readonly lookalikes: Lookalikes;
  readonly intake: PayoutIntake;
  readonly stream: StepStream;
};

export function furnish(ports: HttpPorts, stream: StepStream): Surface {
  const words = new MachineWords(ports.engine.catalog);
  const externalIds = new HeldNames();
  const walletAddresses = new HeldNames();
  const wallets = new PayingWallets(ports.engine);
  const destinations = new Destinations(ports);
  const lookalikes = new Lookalikes(ports);
  const intake = new PayoutIntake(ports, { words, externalIds, wallets, destinations, lookalikes });
  return { ...ports, words, externalIds, walletAddresses, wallets, destinations, lookalikes, intake, stream };
}
