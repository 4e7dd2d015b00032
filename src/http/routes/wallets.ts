import { nanoid } from "nanoid";
import type { Static } from "typebox";
import { refuse, type Refusal } from "../../domain/errors.ts";
import { WALLET_BATCH_MAX } from "../../domain/limits.ts";
import type { ActorRecord } from "../../domain/records.ts";
import type { WalletContext, WalletInput } from "../../machines/wallet.machine.ts";
import type { EngineAnswer } from "../../supervisor/facade.ts";
import { answerOf } from "../answers.ts";
import { Id, pageOf, pathParams } from "../contract/common.ts";
import { Wallet, WalletBatch, WalletBatchOrder, WalletImport, WalletOrder, WalletQuery } from "../contract/wallets.ts";
import { API_ROOT, endpoint, type Endpoint, type Outcome } from "../endpoint.ts";
import { canonicalJson, derivedId, type Idempotency } from "../idempotency.ts";
import { listRecords, toPage } from "../pages.ts";
import { walletContext } from "../records.ts";
import type { Surface } from "../surface.ts";
import { walletView } from "../views/wallet.ts";
import { etagOf, readLimits } from "../wallet-terms.ts";
import { judgeKind, judgeWatched, refuseImport, refuseTaken } from "../watch-orders.ts";

const PATH = `${API_ROOT}/wallets`;
export const walletParams = pathParams({ wallet_id: Id });

export function walletEndpoints(surface: Surface): Endpoint[] {
  return [...creating(surface), ...reading(surface)];
}

type Terms = Pick<WalletInput, "name" | "labels" | "limits" | "hot">;

function creating(surface: Surface): Endpoint[] {
  return [
    endpoint({
      method: "POST",
      path: PATH,
      tag: "Wallets",
      scope: "wallets:create",
      summary: "Create an HD wallet, or watch an address",
      description:
        "With an Idempotency-Key a repeat gives the same wallet. Each limit that is left out is that of the configuration; null is no limit. A wallet of kind watch has no key: its balance is read, payouts to its address are as to any other, and payments from it are refused (wallet_watch_only). Its address may not be that of another wallet, unless that one is archived.",
      idempotencyKey: "optional",
      inputs: { body: WalletOrder },
      answers: { 201: { description: "Created", schema: Wallet } },
      errors: ["invalid_address", "invalid_amount", "conflict"],
      handle: ({ request: { body }, idempotency }) => {
        const wrong = judgeKind(surface, body);
        if (wrong !== undefined) return wrong;
        const { kind = "hd", address } = body;
        return kind === "watch" && address !== undefined
          ? watch(surface, { ...body, address }, idempotency)
          : createOne(surface, body, idempotency);
      },
    }),
    importing(surface),
    endpoint({
      method: "POST",
      path: `${PATH}/batch/create`,
      tag: "Wallets",
      scope: "wallets:create",
      summary: "Create many HD wallets",
      idempotencyKey: "optional",
      inputs: { body: WalletBatchOrder },
      answers: { 201: { description: "Created", schema: WalletBatch } },
      errors: ["batch_too_large", "conflict"],
      handle: ({ request, idempotency }) => createMany(surface, request.body, idempotency),
    }),
  ];
}

type Order = Static<typeof WalletOrder>;

async function createOne(surface: Surface, order: Order, idempotency: Idempotency | undefined): Promise<Outcome> {
  const { keys, payments } = surface;
  const id = newId(idempotency);
  const limits = readLimits(order.limits, payments.limits);
  const { name, labels = {}, hot = true } = order;
  const isMeant = (wallet: WalletContext) => hasTerms(wallet, { name, labels, limits, hot });
  const told = await answered(surface, { id, idempotency, isMeant });
  if (told !== undefined) return created(told);
  if ("code" in limits) return { refusal: limits };
  const key = await keys.createHdWallet(id);
  const terms = { name, labels, limits, hot };
  return created(await record(surface, { id, key: { ...key, kind: "hd" }, terms, idempotency }));
}

/** Its id is never one that a request for an HD wallet may have left a key under. */
function watch(
  surface: Surface,
  { address, name, labels = {}, hot = true }: Order & { readonly address: string },
  idempotency: Idempotency | undefined,
): Promise<Outcome> {
  const id = newId(idempotency, "watch");
  const terms = { name, labels, limits: {}, hot };
  const isMeant = (wallet: WalletContext) => wallet.address === address && hasTerms(wallet, terms);
  return surface.walletAddresses.holding([address], async () => {
    const told = await answered(surface, { id, idempotency, isMeant });
    if (told !== undefined) return created(told);
    const wrong = judgeWatched(surface, address);
    if (wrong !== undefined) return wrong;
    const taken = await refuseTaken(surface.engine, address);
    if (taken !== undefined) return { refusal: taken };
    const key = { address, path: null, kind: "watch" } as const;
    return created(await record(surface, { id, key, terms, idempotency }));
  });
}

function importing(surface: Surface): Endpoint {
  return endpoint({
    method: "POST",
    path: `${PATH}/import`,
    tag: "Wallets",
    scope: "wallets:import",
    summary: "Import a private key as a wallet",
    description:
      "The key of an address that is watched is a conflict until the wallet that watches it is archived. A key that has a wallet is a conflict for ever, also when that wallet is archived: an archived wallet is not opened again.",
    idempotencyKey: "optional",
    inputs: { body: WalletImport },
    answers: { 201: { description: "Created", schema: Wallet } },
    errors: ["invalid_amount", "conflict"],
    handle: ({ request: { body }, idempotency }) => {
      const address = surface.addresses.ofPrivateKey(body.private_key);
      const work = () => importOne(surface, { ...body, address }, idempotency);
      return address === undefined ? work() : surface.walletAddresses.holding([address], work);
    },
  });
}

async function importOne(
  surface: Surface,
  order: Static<typeof WalletImport> & { readonly address: string | undefined },
  idempotency: Idempotency | undefined,
): Promise<Outcome> {
  const id = newId(idempotency);
  const limits = readLimits(order.limits, surface.payments.limits);
  const { address, name, private_key: privateKey, labels = {}, hot = true } = order;
  const isMeant = (wallet: WalletContext) =>
    wallet.address === address && hasTerms(wallet, { name, labels, limits, hot });
  const told = await answered(surface, { id, idempotency, isMeant });
  if (told !== undefined) return created(told);
  if ("code" in limits) return { refusal: limits };
  const taken = address === undefined ? undefined : await refuseImport(surface.engine, address);
  if (taken !== undefined) return { refusal: taken };
  const { walletId, ...key } = await surface.keys.importKey(id, privateKey);
  const wallet = { id: walletId, key: { ...key, kind: "imported" as const }, terms: { name, labels, limits, hot } };
  return created(await record(surface, { ...wallet, idempotency }));
}

function reading({ engine, words }: Surface): Endpoint[] {
  const view = (record: ActorRecord) => walletView(record, words);
  return [
    endpoint({
      method: "GET",
      path: PATH,
      tag: "Wallets",
      scope: "wallets:read",
      summary: "List wallets, newest first",
      inputs: { querystring: WalletQuery },
      answers: { 200: { description: "Wallets", schema: pageOf(Wallet) } },
      errors: ["invalid_cursor"],
      handle: async ({ request: { query } }) => {
        const index = query.status === undefined ? "all" : `status:${query.status}`;
        const matches = (record: ActorRecord) => fits(record, query);
        return {
          status: 200,
          body: toPage(await listRecords(engine, { kind: "wallet", index, query, matches }), view),
        };
      },
    }),
    endpoint({
      method: "GET",
      path: `${PATH}/:wallet_id`,
      tag: "Wallets",
      scope: "wallets:read",
      summary: "Read a wallet; its ETag guards a change",
      inputs: { params: walletParams },
      answers: { 200: { description: "The wallet", schema: Wallet } },
      errors: ["not_found"],
      handle: ({ request }) => {
        const record = engine.record({ kind: "wallet", id: request.params.wallet_id });
        if (record === undefined) return { refusal: noWallet(request.params.wallet_id) };
        return { status: 200, body: view(record), headers: { etag: etagOf(record) } };
      },
    }),
  ];
}

export function noWallet(id: string): Refusal {
  return refuse("not_found", `There is no wallet ${id}`);
}

type NewWallet = {
  readonly id: string;
  readonly key: { readonly address: string; readonly path: string | null; readonly kind: WalletContext["kind"] };
  readonly terms: Terms;
  readonly idempotency: Idempotency | undefined;
};

/** The wallet of the answer may have another id than the request would have given it. */
function created(answer: EngineAnswer): Outcome {
  const body = "refusal" in answer ? undefined : answer.body;
  const id = typeof body === "object" && body !== null && "id" in body ? String(body.id) : undefined;
  return answerOf(answer, id === undefined ? undefined : `${PATH}/${id}`);
}

type Repeat = Pick<NewWallet, "id" | "idempotency"> & { readonly isMeant: (wallet: WalletContext) => boolean };

/** Limits that are refused are nobody's. */
function hasTerms({ name, labels, limits, hot }: WalletContext, wanted: Omit<Terms, "limits"> & { limits: unknown }) {
  return canonicalJson({ name, labels, limits, hot }) === canonicalJson(wanted);
}

/**
 * What can be answered before there is a key: a repeat as then, whatever the configuration says now; another body under
 * the same Idempotency-Key, and whatever comes while the engine accepts nothing, make and import nothing. A wallet that
 * is there without an answer under this key may be another request's, which found the key file that this one left.
 */
async function answered({ engine, words }: Surface, repeat: Repeat): Promise<EngineAnswer | undefined> {
  const { id, idempotency, isMeant } = repeat;
  const answer = await engine.request({
    to: { kind: "wallet", id },
    ...(idempotency === undefined ? {} : { idempotency }),
    respond: ({ record: wallet }) =>
      isMeant(walletContext(wallet))
        ? { keep: { status: 201, body: walletView(wallet, words) } }
        : { discard: refuse("conflict", `Another request made wallet ${id}, of another key or with other terms`) },
  });
  return "refusal" in answer && answer.refusal.code === "not_found" ? undefined : answer;
}

/**
 * The key is on disk before its wallet is: a crash, or a refusal, between the two leaves a key that a repeat of the
 * request finds. A wallet that is there by now was made by another request, with terms of its own.
 */
function record({ engine, words }: Surface, { id, key, terms, idempotency }: NewWallet): Promise<EngineAnswer> {
  const { address, path, kind } = key;
  const input: WalletInput = { ...terms, address, kind, ...(path === null ? {} : { path }) };
  return engine.request({
    to: { kind: "wallet", id },
    create: input,
    ...(idempotency === undefined ? {} : { idempotency }),
    respond: (outcome) =>
      outcome.existed
        ? { discard: refuse("conflict", `The address ${address} already belongs to wallet ${id}`) }
        : { keep: { status: 201, body: walletView(outcome.record, words) } },
  });
}

/** Wallets of a batch are receiving addresses as a rule, so their balances are read only when asked for. */
async function createMany(
  surface: Surface,
  order: { count: number; prefix?: string; labels?: Record<string, string> },
  idempotency: Idempotency | undefined,
): Promise<Outcome> {
  const { count, prefix = "wallet", labels = {} } = order;
  if (count > WALLET_BATCH_MAX) {
    return {
      refusal: refuse("batch_too_large", `Ask for at most ${WALLET_BATCH_MAX} wallets at a time`, {
        count,
        maximum: WALLET_BATCH_MAX,
      }),
    };
  }
  const items: unknown[] = [];
  for (let number = 1; number <= count; number += 1) {
    const part =
      idempotency === undefined
        ? undefined
        : { key: `${idempotency.key}:${number}`, fingerprint: idempotency.fingerprint };
    const terms = { name: `${prefix}-${number}`, labels, limits: surface.payments.limits, hot: false };
    const answer = await oneOfMany(surface, { id: newId(part), terms, idempotency: part });
    if ("refusal" in answer) return answer;
    items.push(answer.body);
  }
  return { status: 201, body: { items } };
}

async function oneOfMany(surface: Surface, wallet: Omit<NewWallet, "key">): Promise<EngineAnswer> {
  const isMeant = (made: WalletContext) => hasTerms(made, wallet.terms);
  const told = await answered(surface, { ...wallet, isMeant });
  if (told !== undefined) return told;
  const key = await surface.keys.createHdWallet(wallet.id);
  return record(surface, { ...wallet, key: { ...key, kind: "hd" } });
}

function newId(idempotency: Idempotency | undefined, part: "wallet" | "watch" = "wallet"): string {
  return idempotency === undefined ? `wal_${nanoid(22)}` : derivedId("wal", { key: idempotency.key, part });
}

function fits(record: ActorRecord, query: { kind?: string; label?: string; frozen?: boolean }): boolean {
  const { kind, labels } = walletContext(record);
  if (query.frozen !== undefined && query.frozen !== (record.tag === "frozen")) return false;
  if (query.kind !== undefined && query.kind !== kind) return false;
  if (query.label === undefined) return true;
  const [name = "", ...rest] = query.label.split("=");
  return Object.hasOwn(labels, name) && (rest.length === 0 || labels[name] === rest.join("="));
}
