/** What a start costs: with an empty store, with many finished payouts, and with many in flight. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActorAddress, ActorRecord } from "../src/domain/records.ts";
import { openLevelStore } from "../src/persistence/open-level-store.ts";
import type { Store, Write } from "../src/ports/store.ts";
import { contextSchemas, openBenchWallet, payout, runLifecycles, withEngine } from "./lifecycle.ts";

export type StartFigures = { readonly readyMs: number; readonly watched: number; readonly rssMb: number };
export type RecoveryFigures = {
  readonly empty: StartFigures;
  readonly finished: StartFigures;
  readonly inFlight: StartFigures;
};

const WALLET = { walletId: "wal_bench", from: "TCNkawTmcQgYSU8nP8cHswT1QPjharxJr7" };

export async function measureRecovery(size: { finished: number; inFlight: number }): Promise<RecoveryFigures> {
  const root = await mkdtemp(join(tmpdir(), "lucid-bench-recovery-"));
  try {
    const empty = join(root, "empty");
    await (await openLevelStore({ directory: empty, contextSchemas })).store.close();
    const finished = join(root, "finished");
    await withEngine((engine) => runLifecycles(engine, { total: 1, inFlight: 1, prefix: "seed", ...WALLET }), {
      directory: finished,
    });
    await multiply(finished, { kinds: ["payout", "transaction"], seed: "po_seed_0", count: size.finished });
    const inFlight = join(root, "inflight");
    await withEngine(
      async (engine) => {
        await openBenchWallet(engine, WALLET);
        await engine.request({
          to: { kind: "payout", id: "po_seed_0" },
          create: payout("po_seed_0", WALLET),
          respond: () => ({ keep: { status: 202, body: null } }),
        });
      },
      { directory: inFlight, hold: true },
    );
    await multiply(inFlight, { kinds: ["payout", "transaction"], seed: "po_seed_0", count: size.inFlight });
    return { empty: await startOn(empty), finished: await startOn(finished), inFlight: await startOn(inFlight) };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Copies everything one payout left in the store under other ids: the same rows as if each had lived. */
async function multiply(
  directory: string,
  plan: { kinds: readonly string[]; seed: string; count: number },
): Promise<void> {
  const { store } = await openLevelStore({ directory, contextSchemas });
  const templates = await Promise.all(plan.kinds.map((kind) => templateOf(store, { kind, id: idOf(kind, plan.seed) })));
  const perCommit = 200;
  for (let done = 0; done < plan.count; done += perCommit) {
    const writes: Write[] = [];
    for (let i = done; i < Math.min(plan.count, done + perCommit); i += 1)
      for (const template of templates) writes.push(...renamed(template, plan.seed, `po_copy_${i}`));
    await store.commit(writes);
  }
  await store.close();
}

function idOf(kind: string, payoutId: string): string {
  return kind === "transaction" ? `tx_${payoutId}_1` : payoutId;
}

async function templateOf(store: Store, actor: ActorAddress): Promise<Write[]> {
  const record = store.record(actor);
  if (record === undefined) throw new Error(`no ${actor.kind} ${actor.id}`);
  const journal = await store.journal(actor, { afterRevision: 0, limit: 100 });
  const outbox = (
    await Promise.all(
      Object.values(record.effects).map(async () => store.outbox({ source: "buildTransaction", limit: 10 })),
    )
  ).flat();
  return [
    { put: "record", record },
    ...journal.map((entry): Write => ({ put: "journal", actor, entry })),
    ...indexesOf(record),
    ...outbox.map((entry): Write => ({ put: "outbox", entry })),
  ];
}

function indexesOf({ kind, id, createdAt, indexes }: ActorRecord): Write[] {
  return indexes.map((index) => ({ put: "index", kind, index, createdAt, id }));
}

function renamed(template: readonly Write[], from: string, to: string): Write[] {
  return JSON.parse(JSON.stringify(template).replaceAll(from, to)) as Write[];
}

/** Process start to "ready", in a process of its own. */
export function startOn(directory: string): Promise<StartFigures> {
  return new Promise((resolve, reject) => {
    const at = performance.now();
    const child = spawn(process.execPath, [new URL("start.ts", import.meta.url).pathname, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.once("error", reject);
    child.stdout.once("data", (line) => {
      const { watched, rssMb } = JSON.parse(String(line)) as { watched: number; rssMb: number };
      resolve({ readyMs: performance.now() - at, watched, rssMb });
      child.kill("SIGKILL");
    });
  });
}
