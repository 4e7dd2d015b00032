/**
 * `npm run fuzz:api`: Schemathesis against a running engine, from its own `/openapi.json`: every endpoint with a token
 * of every scope, with one of each single scope, and with none.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openApiTokens } from "../../src/security/api-tokens.ts";
import { SCOPES, type Grant } from "../../src/security/access.ts";
import { fromHex41 } from "../../src/tron/address.ts";
import { drill } from "./drill.ts";
import { attack, installSchemathesis } from "./fuzz-api/schemathesis.ts";
import { operationsOf, readTraffic, type Exchange, type Operation } from "./fuzz-api/traffic.ts";
import { count, counted, type Judge } from "./support/judge.ts";
import { Rig } from "./support/rig.ts";

const STREAM = "/api/v1/tron/inspector/stream";
const REFUSED = new Set([400, 401, 403, 404, 405]);
const HANG_MS = 30_000;

/** `scope`: "admin" stands for all, "none" for no token. */
type Visitor = { readonly scope: Grant | "none"; readonly token: string | undefined };

export const fuzzApi = drill({
  proves: "whatever is sent to the API, with whichever scope: no 5xx, no hang, no status that is not documented",
  options: {
    examples: { initial: 40, minimum: 1, maximum: 100_000, meaning: "requests per endpoint and phase, all scopes" },
    "scope-examples": { initial: 3, minimum: 1, maximum: 100_000, meaning: "the same for each single scope and none" },
    seed: { initial: 1, minimum: 1, maximum: 999_999_999, meaning: "of the fuzzer" },
  },
  async run(judge, { examples, "scope-examples": scopeExamples, seed }) {
    const program = await installSchemathesis();
    const rig = await Rig.open({ environment: { RATE_LIMIT_ENABLED: "false" } });
    try {
      const visitors = await issueTokens(rig);
      rig.start();
      await rig.ready();
      const campaign = new Campaign(rig, judge, program, seed);
      await campaign.prepare();
      for (const visitor of visitors) {
        const isAdmin = visitor.scope === "admin";
        const phases = isAdmin ? "examples,coverage,fuzzing,stateful" : "examples,fuzzing";
        await campaign.run(visitor, { phases, examples: isAdmin ? examples : scopeExamples });
      }
      await campaign.conclude(visitors.length);
    } finally {
      await rig.close();
    }
  },
});

async function issueTokens(rig: Rig): Promise<Visitor[]> {
  const tokens = await openApiTokens({ dataDir: rig.dataDir });
  const visitors: Visitor[] = [];
  for (const scope of ["admin", ...SCOPES] as const) {
    visitors.push({ scope, token: (await tokens.create({ name: scope, scopes: [scope] })).token });
  }
  return [...visitors, { scope: "none", token: undefined }];
}

class Campaign {
  private readonly rig: Rig;
  private readonly judge: Judge;
  private readonly program: string;
  private readonly seed: number;
  private operations: Operation[] = [];
  private known = { wallet: "", payout: "", address: fromHex41(`41${"ab".repeat(20)}`) };
  private requests = 0;
  private slowestMs = 0;
  private readonly statuses = new Map<number, number>();
  private readonly reached = new Set<Operation>();
  private readonly succeeded = new Set<Operation>();
  private readonly faults: string[] = [];
  private readonly leaks: string[] = [];

  constructor(rig: Rig, judge: Judge, program: string, seed: number) {
    this.rig = rig;
    this.judge = judge;
    this.program = program;
    this.seed = seed;
  }

  async prepare(): Promise<void> {
    const { client, wallet } = this.rig;
    const order = { wallet: wallet.id, to: this.known.address, amount: "12.5" };
    const payout = await client.pay(order, "known to the fuzzer");
    this.known = { ...this.known, wallet: wallet.id, payout: payout.body.id };
    this.operations = operationsOf((await client.ask("GET", "/openapi.json", { token: null })).body);
    // The fuzzer reads it to begin with, and leaves it out.
    for (const operation of this.operations) if (operation.path === "/openapi.json") this.reached.add(operation);
  }

  async run({ scope, token }: Visitor, how: { phases: string; examples: number }): Promise<void> {
    const url = this.rig.address;
    if (url === undefined) throw new Error("the engine is gone");
    const report = join(this.rig.directory, "traffic.har");
    const known = this.known;
    const found = await attack(this.program, { url, token, ...how, seed: this.seed, report, known });
    const traffic = await readTraffic(report, this.operations);
    for (const exchange of traffic) this.look(exchange, scope);
    this.judge.holds(
      `the fuzzer finds nothing with ${scope} (${traffic.length} requests)`,
      found.code === 0,
      found.output,
    );
    await this.lookAtStream({ scope, token });
  }

  async conclude(visitors: number): Promise<void> {
    const { judge, rig, operations } = this;
    judge.empty("no answer is a 5xx", this.faults);
    judge.holds("no answer takes 30 s", this.slowestMs < HANG_MS, `${this.slowestMs} ms`);
    judge.empty("no scope opens what is another's", this.leaks);
    const { status } = await rig.readiness();
    judge.holds("the engine that was fuzzed is the one that is ready now", status === 200 && rig.starts === 2, status);
    const log = await readFile(join(rig.directory, "engine.log"), "utf8").catch(() => "");
    judge.empty(
      "no request met a bug",
      log.split("\n").filter((line) => line.includes("a request met a bug")),
    );
    const missed = operations.filter((each) => each.path !== STREAM && !this.reached.has(each));
    judge.empty(
      "every endpoint was asked",
      missed.map(({ method, path }) => `${method} ${path}`),
    );
    judge.did("endpoints that said yes to something", this.succeeded.size, Math.floor(operations.length / 2));
    judge.table({
      "endpoints, visitors": `${operations.length}, ${visitors}`,
      requests: this.requests,
      "by status": counted(this.statuses),
      "endpoints that said yes": this.succeeded.size,
      "slowest answer, ms": Math.round(this.slowestMs),
    });
  }

  private look({ operation, status, ms, line }: Exchange, scope: string): void {
    this.requests += 1;
    count(this.statuses, status);
    this.slowestMs = Math.max(this.slowestMs, ms);
    if (status >= 500 || status === 0) this.faults.push(`${scope}: ${line}`);
    if (operation === undefined) return;
    this.reached.add(operation);
    if (status < 300) this.succeeded.add(operation);
    const isOwn = scope === "admin" || operation.scope === "public" || operation.scope === scope;
    if (!isOwn && !REFUSED.has(status)) this.leaks.push(`${scope} at ${operation.scope}: ${line}`);
  }

  /** Endless: its first bytes are enough, or its refusal. */
  private async lookAtStream({ scope, token }: Visitor): Promise<void> {
    const expected = token === undefined ? 401 : scope === "admin" || scope === "inspector:read" ? 200 : 403;
    const answer = await fetch(`${this.rig.address}${STREAM}`, {
      signal: AbortSignal.timeout(10_000),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();
    if (answer.status !== expected || first?.value === undefined) this.leaks.push(`${scope}: stream ${answer.status}`);
    for (const operation of this.operations) if (operation.path === STREAM) this.reached.add(operation);
  }
}
