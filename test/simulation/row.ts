/** What a row on the disk looks like to those who look from outside: a checksum, and the JSON that it stands for. */

/** Digits. */
const CHECKSUM = 8;

export function checksumOf(row: string): string {
  return row.slice(0, CHECKSUM);
}

export function parseRow<T>(row: string): T {
  return JSON.parse(row.slice(CHECKSUM)) as T;
}

/** One that only says that it is there has no JSON. */
export function hasContent(row: string): boolean {
  return row.length > CHECKSUM;
}
