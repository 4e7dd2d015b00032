/** The HTTP server over the production engine, a memory store and a scripted world. */
import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import type { TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import type { AccountFacts, DestinationFacts } from "../../src/domain/chain-facts.ts";
import type { Refusal } from "../../src/domain/errors.ts";
import { type Asset, units } from "../../src/domain/money.ts";
import type { ChainStatus, HttpOptions, HttpPorts } from "../../src/http/ports.ts";
import { createServer } from "../../src/http/server.ts";
import type { Limits } from "../../src/machines/ledger.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { silentLogger } from "../../src/ports/telemetry.ts";
import type { Engine } from "../../src/supervisor/engine.ts";
import type { EngineFacade } from "../../src/supervisor/facade.ts";
import type { Grant } from "../../src/security/access.ts";
import { isPrivateKey } from "../../src/security/key-derivation.ts";
import {
  BLACKHOLE_ADDRESS,
  ZERO_ADDRESS,
  fromHex41,
  isTronAddress,
  privateKeyToAddress,
  toHex41,
} from "../../src/tron/address.ts";
import { openWallet, PAYER, startRig, type Rig, type RigOptions } from "./engine.ts";
import { drain } from "./manual-clock.ts";
import { blockId } from "./scripted-world.ts";

export const USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
export const OWN = addressOf(7_000);

/** A well-formed address that belongs to nobody. */
export function addressOf(number: number): string {
  return fromHex41(`41${number.toString(16).padStart(40, "0")}`);
}

export type Door = Rig & {
  app: FastifyInstance;
  ports: HttpPorts;
  status: { chain: ChainStatus; disk: "ok" | "low" | "full" };
  facts: Map<string, Partial<AccountFacts>>;
  blacklisted: Set<string>;
  calls: { account: number; blacklist: number };
  /** The addresses of each question about many. */
  looks: (readonly string[])[];
  requests: { method: string; route: string; status: number }[];
  /** What the engine's next requests are refused with, whatever they are; for states that are hard to reach. */
  refusals: Refusal[];
  /** Token ids whose streams have to end. */
  revoked: Set<string>;
  call(method: string, url: string, options?: CallOptions): Promise<LightMyRequestResponse>;
  post(url: string, body: unknown, options?: CallOptions): Promise<LightMyRequestResponse>;
  get(url: string, options?: CallOptions): Promise<LightMyRequestResponse>;
};
export type CallOptions = {
  token?: string | null;
  key?: string | null;
  headers?: Record<string, string>;
  body?: unknown;
  text?: string;
};

export type DoorOptions = RigOptions & {
  http?: Partial<HttpOptions>;
  ports?: Partial<HttpPorts>;
  limits?: Limits;
  serverClock?: Clock;
};

const NODE: ChainStatus["nodes"][number] = {
  endpoint: "http://127.0.0.1:9090",
  role: "both",
  state: "ready",
  breaker: "closed",
  excluded: null,
  head: 100,
  solid: 82,
  lagBlocks: 0,
  errorRate: 0,
  latencyMs: 1.25,
  budget: {
    perSecond: null,
    perDay: null,
    today: null,
    inFlight: 0,
    waiting: { broadcast: 0, follow: 0, read: 0, history: 0 },
  },
  suspendedUntil: null,
  faults: {},
};

/** Tokens are "admin", or scopes joined by commas; each text is a principal of its own. */
export async function openDoor(options: DoorOptions = {}): Promise<Door> {
  const rig = await startRig(options);
  await openWallet(rig, options.limits ?? { minimum: units(10_000_000n), approvalAbove: units(1_000_000_000n) });
  const status: Door["status"] = {
    chain: {
      head: { number: rig.world.head, id: blockId(rig.world.head), timestamp: rig.world.timeOf(rig.world.head) },
      solid: { number: rig.world.solid, id: blockId(rig.world.solid), timestamp: rig.world.timeOf(rig.world.solid) },
      lagBlocks: 0,
      blocksPerSecond: 0,
      etaSeconds: 0,
      finality: { required: 1, nodes: [], dispute: undefined },
      watched: 0,
      forks: 0,
      lastProgressAt: rig.clock.now(),
      halted: undefined,
      nodes: [NODE],
    },
    disk: "ok",
  };
  const facts: Door["facts"] = new Map();
  const blacklisted = new Set<string>();
  const calls = { account: 0, blacklist: 0 };
  const looks: Door["looks"] = [];
  const requests: Door["requests"] = [];
  const keys = keysOf();
  const { world } = rig;
  Object.assign(world.gateway, {
    account: async (address: string): Promise<AccountFacts> => {
      calls.account += 1;
      const plain = {
        activated: true,
        isContract: false,
        trxSun: units(5_000_000n),
        energyLimit: 0,
        energyUsed: 0,
        bandwidthLimit: 600,
        bandwidthUsed: 0,
      };
      return { address, ...plain, ...facts.get(address) };
    },
    isBlacklisted: async (address: string) => {
      calls.blacklist += 1;
      return blacklisted.has(address);
    },
    destinations: async (addresses: readonly string[], asset: Asset): Promise<DestinationFacts[]> => {
      looks.push(addresses);
      return addresses.map((address) => ({
        isContract: facts.get(address)?.isContract ?? false,
        isFrozen: asset === "USDT" ? blacklisted.has(address) : undefined,
      }));
    },
    tokenBalance: async () => ({ amount: units(7_500_000n), atBlock: world.solid }),
  });
  const refusals: Refusal[] = [];
  const revoked: Door["revoked"] = new Set();
  const ports: HttpPorts = {
    engine: refusing(rig.engine, refusals),
    gateway: world.gateway,
    chain: {
      reference: () => world.reference(),
      obstacle: () => world.obstacle(),
      headTimestamp: () => world.headTimestamp(),
      status: () => status.chain,
    },
    tokens: { verify: verifyToken, knows: (tokenId) => !revoked.has(tokenId) },
    keys,
    addresses: {
      isValid: isTronAddress,
      toHex41,
      fromHex41,
      isBurned: (address) => address === ZERO_ADDRESS || address === BLACKHOLE_ADDRESS,
      ofPrivateKey: (hex) => (isPrivateKey(Buffer.from(hex, "hex")) ? privateKeyToAddress(hex) : undefined),
    },
    network: { name: "devnet", genesisId: "0".repeat(56) + "2b6653dc", usdtContract: USDT, checkDestinations: true },
    payments: {
      feeReserveSun: { USDT: units(15_000_000n), TRX: units(2_000_000n) },
      limits: { minimum: units(10_000_000n) },
    },
    decodeSigned: () => {
      throw new Error("not scripted");
    },
    ownAddress: (address) => address === PAYER || address === OWN || keys.owns(address),
    diskState: () => status.disk,
    config: () => ({ settings: [], notices: [] }),
    metrics: {
      exposition: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: "engine_up 1\n" }),
      httpRequest: (request) => void requests.push(request),
    },
    build: { name: "lucid-tron", version: "0.0.0-test", vcsRef: undefined, buildDate: undefined },
    clock: options.serverClock ?? rig.clock,
    logger: silentLogger,
    ...options.ports,
  };
  const app = await createServer({ corsOrigins: [], ...options.http }, ports);
  await app.ready();
  const check = contractOf(app);
  const call: Door["call"] = async (method, url, { token = "admin", key, headers, body, text } = {}) => {
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await app.inject({
      method: method as "GET",
      url,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(key === undefined || key === null ? {} : { "idempotency-key": key }),
        ...(payload === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    });
    check({ method, url, response });
    return response;
  };
  return {
    ...rig,
    app,
    ports,
    status,
    facts,
    blacklisted,
    calls,
    looks,
    requests,
    refusals,
    revoked,
    call,
    get: (url, given) => call("GET", url, given),
    post: (url, body, given) =>
      call("POST", url, { ...given, body, key: given?.key === undefined ? nextKey() : given.key }),
  };
}

/** Moves one payout's transaction to its end on the scripted chain. */
export async function solidify(door: Door, payoutId: string, result?: string): Promise<void> {
  const watch = await watchOf(door, payoutId);
  await door.engine.deliver([{ actor: watch.actor, message: door.world.solidified(result) }]);
  await drain();
}

export async function watchOf(door: Door, payoutId: string) {
  for (let turn = 0; turn < 50; turn += 1) {
    for (const watch of door.world.watches.values()) if (watch.actor.id.includes(payoutId)) return watch;
    await drain();
  }
  throw new Error(`nothing watches ${payoutId}`);
}

export function payout(change: Record<string, unknown> = {}): Record<string, unknown> {
  return { wallet: "wal_1", to: addressOf(1), amount: "25", ...change };
}

let keys = 0;
export function nextKey(): string {
  keys += 1;
  return `key-${keys}`;
}

function verifyToken(header: string | undefined): ReturnType<HttpPorts["tokens"]["verify"]> {
  const text = header?.startsWith("Bearer ") === true ? header.slice(7) : undefined;
  if (text === undefined || text === "wrong")
    return { ok: false, refusal: { code: "unauthenticated", detail: "Send the header Authorization: Bearer <token>" } };
  return {
    ok: true,
    principal: { id: text, name: text, scopes: text.split(",").map((part) => (part.split("@")[0] ?? "") as Grant) },
  };
}

function refusing(engine: Engine, refusals: Refusal[]): EngineFacade {
  return new Proxy(engine, {
    get(target, name) {
      const refusal = name === "request" || name === "restart" || name === "release" ? refusals.shift() : undefined;
      if (refusal !== undefined) return async () => (name === "request" ? { refusal } : refusal);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

type Media = { schema?: TSchema };
type Operation = {
  "x-aliases": string[];
  "x-errors": string[];
  responses: Record<string, { content?: Record<string, Media> }>;
};
export type Document = { paths: Record<string, Record<string, Operation>> };

/** Every answer of every test is compared with what the document promises for its endpoint. */
function contractOf(app: FastifyInstance) {
  const document = app.swagger() as unknown as Document;
  const rows = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      [path, ...operation["x-aliases"]].map((text) => {
        const [first = "", second] = text.split(" ");
        const [verb, place] = second === undefined ? [method.toUpperCase(), first] : [first, second];
        const parts = place.split(/\{[a-z_]+\}|:[a-z_]+/).map((text) => RegExp.escape(text));
        return { verb, place, pattern: new RegExp(`^${parts.join("[^/]+")}$`), operation };
      }),
    ),
  );
  // Literal paths win over parameters, as they do in the router.
  rows.sort((a, b) => a.place.split(/[{:]/).length - b.place.split(/[{:]/).length);
  return ({ method, url, response }: { method: string; url: string; response: LightMyRequestResponse }) => {
    const path = url.split("?")[0] ?? "";
    const row = rows.find(({ verb, pattern }) => verb === method && pattern.test(path));
    if (row === undefined) return;
    const status = String(response.statusCode);
    if (!(status in row.operation.responses))
      throw new Error(`${method} ${row.place} answered ${status}, which its document does not list: ${response.body}`);
    const { schema } = row.operation.responses[status]?.content?.["application/json"] ?? {};
    if (schema !== undefined) conforms(schema, response.json(), `${method} ${row.place} ${status}`);
    if (response.statusCode < 400 || (status === "503" && path.includes("health"))) return;
    const problem = response.json();
    if (!row.operation["x-errors"].includes(problem.code))
      throw new Error(`${method} ${row.place} answered ${problem.code}, which its document does not list`);
  };
}

const validators = new WeakMap<TSchema, Validator>();

/** Every field is of its documented type, and no field is undocumented. */
function conforms(schema: TSchema, body: unknown, place: string): void {
  const validator = validators.get(schema) ?? Compile(schema);
  validators.set(schema, validator);
  const [error] = validator.Check(body) ? [] : validator.Errors(body);
  if (error !== undefined) throw new Error(`${place} does not fit its schema: ${error.instancePath} ${error.message}`);
  const extra = undocumented(schema, body);
  if (extra !== undefined) throw new Error(`${place} has the undocumented field ${extra}`);
}

type Shape = { properties?: Record<string, Shape>; additionalProperties?: unknown; items?: Shape; anyOf?: Shape[] };

function undocumented(schema: Shape, value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value))
    return first(value.map((item) => (schema.items === undefined ? undefined : undocumented(schema.items, item))));
  const object = schema.anyOf?.find(({ properties }) => properties !== undefined) ?? schema;
  const { properties } = object;
  if (properties === undefined || object.additionalProperties !== undefined) return undefined;
  return first(
    Object.entries(value).map(([name, inner]) => {
      const field = properties[name];
      return field === undefined ? name : undocumented(field, inner);
    }),
  );
}

function first(found: (string | undefined)[]): string | undefined {
  return found.find((name) => name !== undefined);
}

function keysOf() {
  const wallets = new Map<string, { address: string; path: string | null }>();
  let made = 100_000;
  const take = (walletId: string, path: (index: number) => string | null) => {
    const known = wallets.get(walletId);
    if (known !== undefined) return known;
    made += 1;
    const key = { address: addressOf(made), path: path(made) };
    wallets.set(walletId, key);
    return key;
  };
  return {
    createHdWallet: async (walletId: string) => take(walletId, (index) => `m/44'/195'/0'/0/${index}`),
    importKey: async (walletId: string) => ({ walletId, ...take(walletId, () => null) }),
    owns: (address: string) => [...wallets.values()].some((key) => key.address === address),
  };
}

export { drain };
