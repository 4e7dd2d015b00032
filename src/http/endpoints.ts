/** Every endpoint of the API, in the order of the document. */
import type { Endpoint } from "./endpoint.ts";
import type { HttpPorts } from "./ports.ts";
import { addressEndpoints } from "./routes/addresses.ts";
import { batchEndpoints } from "./routes/batches.ts";
import { documentEndpoints } from "./routes/documents.ts";
import { healthEndpoints } from "./routes/health.ts";
import { inspectorEndpoints } from "./routes/inspector.ts";
import { networkEndpoints } from "./routes/network.ts";
import { operationsEndpoints } from "./routes/operations.ts";
import { payoutEndpoints } from "./routes/payouts.ts";
import { transactionEndpoints } from "./routes/transactions.ts";
import { transferEndpoints } from "./routes/transfers.ts";
import { walletChangeEndpoints } from "./routes/wallet-changes.ts";
import { walletEndpoints } from "./routes/wallets.ts";
import type { StepStream } from "./step-stream.ts";
import { furnish } from "./surface.ts";

export function endpointsOf(ports: HttpPorts, served: { stream: StepStream; document: () => unknown }): Endpoint[] {
  const surface = furnish(ports, served.stream);
  const endpoints: Endpoint[] = [
    ...payoutEndpoints(surface),
    ...batchEndpoints(surface),
    ...transferEndpoints(surface),
    ...walletEndpoints(surface),
    ...walletChangeEndpoints(surface),
    ...transactionEndpoints(surface),
    ...networkEndpoints(surface),
    ...addressEndpoints(surface),
    ...healthEndpoints(surface),
    ...operationsEndpoints(surface),
    ...inspectorEndpoints(surface),
    ...documentEndpoints({ document: served.document, endpoints: () => endpoints }),
  ];
  return endpoints;
}
