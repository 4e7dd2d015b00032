/**
 * What the command remembers about an order, in `DATA_DIR/demo-<order id>.json`: the balances before anything was sent,
 * and which lines it has. Written before the order is sent, so that no kill between the two loses the balances.
 *
 * N1. A memo exists for every order that was or may have been accepted; it is removed only after a clear refusal.
 * N2. A memo is written once, so that balances are never replaced: only the first are from before the order.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createFolder, writePrivateFile } from "../security/private-file.ts";
import { fieldsOf, listAt, numberAt, textAt } from "./fields.ts";
import type { PayoutLine } from "./payout-file.ts";

export type OrderMemo = {
  readonly orderId: string;
  readonly file: string;
  readonly genesisId: string;
  readonly walletId: string;
  /** Solidified block at which the balances were read. */
  readonly block: number;
  /** Base units by address; `undefined` when the order had been sent before anybody here could read them. */
  readonly balances: ReadonlyMap<string, bigint> | undefined;
  /** line_id, address and amount of each line, as one text. */
  readonly lines: ReadonlySet<string>;
};

export function lineKey({ lineId, address, amount }: PayoutLine): string {
  return `${lineId} ${address} ${amount}`;
}

export async function readMemo(directory: string, orderId: string): Promise<OrderMemo | undefined> {
  return parse(await readText(join(directory, fileOf(orderId))));
}

/** On disk when it returns, under its name. */
export async function writeMemo(directory: string, memo: OrderMemo): Promise<void> {
  const { balances, lines, ...rest } = memo;
  const text = JSON.stringify({
    ...rest,
    balances:
      balances === undefined
        ? null
        : Object.fromEntries([...balances].map(([address, amount]) => [address, String(amount)])),
    lines: [...lines],
  });
  await createFolder(directory);
  await writePrivateFile({ path: join(directory, fileOf(memo.orderId)), text });
}

export async function removeMemo(directory: string, orderId: string): Promise<void> {
  await rm(join(directory, fileOf(orderId)), { force: true });
}

/** The same lines under another order of the same wallet: somebody changed the file and would pay them again. */
export async function findRepeated(
  directory: string,
  order: { id: string; walletId: string; genesisId: string; lines: readonly PayoutLine[] },
): Promise<{ file: string; lines: PayoutLine[] } | undefined> {
  for (const memo of await allMemos(directory)) {
    if (memo.orderId === order.id || memo.walletId !== order.walletId || memo.genesisId !== order.genesisId) continue;
    const lines = order.lines.filter((line) => memo.lines.has(lineKey(line)));
    if (lines.length > 0) return { file: memo.file, lines };
  }
  return undefined;
}

async function allMemos(directory: string): Promise<OrderMemo[]> {
  const names = await readdir(directory).catch((): string[] => []);
  const texts = await Promise.all(
    names.filter((name) => /^demo-[0-9a-f]{32}\.json$/.test(name)).map((name) => readText(join(directory, name))),
  );
  return texts.flatMap((text) => parse(text) ?? []);
}

function fileOf(orderId: string): string {
  return `demo-${orderId}.json`;
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (textAt(error, "code") === "ENOENT") return undefined;
    throw error;
  });
}

function parse(text: string | undefined): OrderMemo | undefined {
  if (text === undefined) return undefined;
  const memo: unknown = JSON.parse(text);
  const [orderId, file, genesisId, walletId] = [
    textAt(memo, "orderId"),
    textAt(memo, "file"),
    textAt(memo, "genesisId"),
    textAt(memo, "walletId"),
  ];
  if (orderId === undefined || file === undefined || genesisId === undefined || walletId === undefined)
    return undefined;
  const noted = fieldsOf(memo)["balances"];
  const balances = Object.entries(fieldsOf(noted)).map(([address, amount]): [string, bigint] => [
    address,
    BigInt(String(amount)),
  ]);
  return {
    orderId,
    file,
    genesisId,
    walletId,
    block: numberAt(memo, "block") ?? 0,
    balances: noted === null ? undefined : new Map(balances),
    lines: new Set(listAt(memo, "lines").map(String)),
  };
}
