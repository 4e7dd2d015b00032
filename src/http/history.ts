/** The engine's own transfers from and to an address, newest first. What others sent is not in it: it is no block explorer. */
import { listRecords, toPage, type HistoryWindow, type PageQuery } from "./pages.ts";
import type { Answer } from "./endpoint.ts";
import type { HttpPorts } from "./ports.ts";
import type { ActorRecord } from "../domain/records.ts";
import { historyEntry } from "./views/history.ts";

export type HistoryQuestion = {
  readonly address: string;
  readonly query: PageQuery & HistoryWindow;
  readonly matches?: (record: ActorRecord) => boolean;
};

export async function readHistory(
  { engine }: Pick<HttpPorts, "engine">,
  { address, query, matches }: HistoryQuestion,
): Promise<Answer> {
  const { skip = 0, from_timestamp: from, to_timestamp: until } = query;
  const listing = {
    kind: "payout",
    index: `party:${address}`,
    query,
    skip,
    times: { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) },
    ...(matches === undefined ? {} : { matches }),
  };
  return { status: 200, body: toPage(await listRecords(engine, listing), (record) => historyEntry(record, address)) };
}
