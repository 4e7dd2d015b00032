import { createServer as createHttpServer, request as forward, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { HttpNode, type HttpNodeOptions } from "../../src/chain/http-node.ts";
import { GATEWAY_DEFAULTS } from "../../src/chain/tron-gateway.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { makeAuthority, type Authority } from "./certificates.ts";
import { ScriptedNode } from "./support.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function open(url: string, options: Partial<HttpNodeOptions> = {}): HttpNode {
  const node = new HttpNode({ ...GATEWAY_DEFAULTS.http, url, ...options }, { clock: new ManualClock() });
  closers.push(() => node.close());
  return node;
}

const ask = (node: HttpNode) => node.post({ path: "wallet/getnowblock", body: {} }, (answer) => answer);
const failureOf = (node: HttpNode) =>
  ask(node).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A node with a certificate of this authority, which may want one of its clients. */
async function secureNode(
  authority: Authority,
  { wantsClient = false } = {},
): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const { cert, key } = authority.issue({ name: "node", hosts: ["localhost", "127.0.0.1"] });
  const server = createHttpsServer(
    { cert, key, ca: authority.pem, requestCert: wantsClient, rejectUnauthorized: wantsClient },
    (_request, response) => {
      seen.push("asked");
      response.writeHead(200, { "content-type": "application/json" }).end('{"number":7}');
    },
  );
  return { url: `https://localhost:${await listening(server)}`, seen };
}

/** A real proxy: plain requests are passed on, everything else is a tunnel. */
async function openProxy(): Promise<{ url: string; seen: string[]; authorizations: (string | undefined)[] }> {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const proxy = createHttpServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    const { "proxy-authorization": _hidden, ...headers } = request.headers;
    const onward = forward(request.url ?? "", { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  proxy.on("connect", (request, client: Socket, head: Buffer) => {
    seen.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      client.pipe(onward).pipe(client);
    });
    closers.push(() => {
      client.destroy();
      onward.destroy();
    });
    for (const socket of [client, onward]) socket.on("error", () => {});
  });
  return { url: `127.0.0.1:${await listening(proxy)}`, seen, authorizations };
}

describe("certificates", () => {
  test("of the operator's own authority are trusted when it is named, and no others", async () => {
    const [ours, theirs] = [makeAuthority("ours"), makeAuthority("theirs")];
    const { url, seen } = await secureNode(ours);
    expect(await ask(open(url, { tls: { ca: ours.pem } }))).toEqual({ number: 7 });
    for (const tls of [undefined, { ca: theirs.pem }]) {
      expect(await failureOf(open(url, { tls }))).toMatchObject({ kind: "unreachable", sent: false });
    }
    expect(seen).toEqual(["asked"]);
  });

  test("of a client are shown to a node that wants one; without it nothing is answered", async () => {
    const ours = makeAuthority("ours");
    const { url, seen } = await secureNode(ours, { wantsClient: true });
    const client = ours.issue({ name: "engine" });
    expect(await ask(open(url, { tls: { ca: ours.pem, ...client } }))).toEqual({ number: 7 });
    expect(await failureOf(open(url, { tls: { ca: ours.pem } }))).toMatchObject({ name: "NodeFailure" });
    expect(seen).toEqual(["asked"]);
  });

  test("that are none are refused at the start, without repeating them", () => {
    const broken = { ca: "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----" };
    expect(() => open("https://localhost:1", { tls: broken })).toThrow(
      expect.objectContaining({ code: "config_invalid", message: expect.not.stringContaining("c2VjcmV0") }),
    );
  });
});

describe("a proxy", () => {
  test("passes plain requests on, with the node's key and the proxy's password each in its own header", async () => {
    const node = await ScriptedNode.open();
    closers.push(() => node.close());
    node.on("wallet/getnowblock", { body: { number: 7 } });
    const proxy = await openProxy();
    const client = open(node.url, { proxyUrl: `http://user:word@${proxy.url}`, apiKey: "key-1" });
    expect(await ask(client)).toEqual({ number: 7 });
    expect(proxy.seen).toEqual([`POST ${node.url}/wallet/getnowblock`]);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from("user:word").toString("base64")}`]);
    expect(node.asked[0]?.headers).toMatchObject({ "tron-pro-api-key": "key-1" });
    expect(node.asked[0]?.headers).not.toHaveProperty("proxy-authorization");
  });

  test("tunnels to a node with TLS, whose certificates and size limit hold all the same", async () => {
    const ours = makeAuthority("ours");
    const { url } = await secureNode(ours, { wantsClient: true });
    const proxy = await openProxy();
    const tls = { ca: ours.pem, ...ours.issue({ name: "engine" }) };
    expect(await ask(open(url, { tls, proxyUrl: `http://${proxy.url}` }))).toEqual({ number: 7 });
    expect(proxy.seen).toEqual([`CONNECT ${new URL(url).host}`]);
    const small = open(url, { tls, proxyUrl: `http://${proxy.url}`, maxBodyBytes: 5 });
    expect(await failureOf(small)).toMatchObject({ kind: "oversized" });
  });

  test("that is not there is a node out of reach, and its password is in no error", async () => {
    const client = open("http://127.0.0.1:1", { proxyUrl: "http://user:pass-canary@127.0.0.1:9" });
    const failure = await failureOf(client);
    expect(failure).toMatchObject({ kind: "unreachable", sent: false });
    expect(inspect([failure, client], { depth: 12 })).not.toContain("pass-canary");
  });

  test("that is no proxy's address is refused at the start", () => {
    expect(() => open("http://127.0.0.1:1", { proxyUrl: "socks5://canary@127.0.0.1:1" })).toThrow(
      expect.objectContaining({ code: "config_invalid", message: expect.not.stringContaining("canary") }),
    );
  });
});

test("a node sees who asks", async () => {
  const node = await ScriptedNode.open();
  closers.push(() => node.close());
  node.on("wallet/getnowblock", { body: {} });
  await ask(open(node.url, { userAgent: "lucid-tron/1.2.3" }));
  expect(node.asked[0]?.headers["user-agent"]).toBe("lucid-tron/1.2.3");
});
