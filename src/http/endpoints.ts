/** Every endpoint of the API, in the order of the document. */
import type { Endpoint } from "./endpoint.ts";
import type { HttpPorts } from "./ports.ts";
import { payoutEndpoints } from "./routes/payouts.ts";
import { walletEndpoints } from "./routes/wallets.ts";
import { healthEndpoints } from "./routes/health.ts";
import { furnish } from "./surface.ts";
import type { StepStream } from "./step-stream.ts";

export function endpointsOf(ports: HttpPorts, served: { stream: StepStream; document: () => unknown }): Endpoint[] {
  const surface = furnish(ports, served.stream);
  return [...walletEndpoints(surface), ...payoutEndpoints(surface), ...healthEndpoints(surface)];
}
