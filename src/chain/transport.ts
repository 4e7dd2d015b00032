/** Connections to one node: a pool of sockets, straight or through a proxy, with the operator's certificates. */
import { X509Certificate } from "node:crypto";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { Pool, ProxyAgent, type Dispatcher } from "undici";
import { Fault } from "../domain/errors.ts";

/** PEM texts. A private key among them is a secret: it is handed to the TLS layer and kept nowhere else. */
export type TlsMaterial = {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
};

export type Connecting = {
  readonly connectTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** Sockets per node. */
  readonly connections: number;
  /** `http://` or `https://`, with user and password when the proxy wants them. */
  readonly proxyUrl?: string | undefined;
  readonly tls?: TlsMaterial | undefined;
};

export type Transport = { readonly dispatcher: Dispatcher; close(): Promise<void> };

/** Nothing is connected yet. Throws `Fault("config_invalid")` without repeating the proxy's password. */
export function openTransport(node: URL, options: Connecting): Transport {
  const { connectTimeoutMs, maxBodyBytes, connections, proxyUrl } = options;
  const pool: Pool.Options = {
    connections,
    maxResponseSize: maxBodyBytes,
    // The request's own deadline covers the whole exchange; these would only cover its parts.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const connect = { timeout: connectTimeoutMs, ...secured(options.tls) };
  const dispatcher =
    proxyUrl === undefined
      ? new Pool(node.origin, { ...pool, connect })
      : new ProxyAgent({
          uri: proxyOf(proxyUrl).href,
          requestTls: connect,
          proxyTls: { timeout: connectTimeoutMs, ...secured({ ca: options.tls?.ca }) },
          // Plain requests go to the proxy as they are: many proxies refuse a tunnel to a port that is not TLS.
          proxyTunnel: false,
          factory: (origin: string | URL, inner: object) => new Pool(origin, { ...inner, ...pool }),
        });
  return { dispatcher, close: () => dispatcher.destroy() };
}

function proxyOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new Fault("config_invalid", "the proxy needs an http or https URL");
  }
  return url;
}

/** The operator's authority is trusted beside the public ones: a public node may stand next to one's own. */
function secured(tls: TlsMaterial | undefined): { secureContext?: SecureContext } {
  if (tls?.ca === undefined && tls?.cert === undefined) return {};
  const { ca, cert, key } = tls;
  try {
    // The TLS layer passes over an authority that it cannot read.
    if (ca !== undefined) void new X509Certificate(ca);
    const secureContext = createSecureContext({
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
      ...(cert === undefined ? {} : { cert, key }),
    });
    return { secureContext };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "no PEM text";
    throw new Fault("config_invalid", `the certificates for TRON nodes cannot be used (${code})`);
  }
}
