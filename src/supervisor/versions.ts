/** Start-up check: every machine version that ever wrote a record has a way to the current one. */
import { Fault } from "../domain/errors.ts";
import type { Catalog } from "../machines/catalog.ts";

export type MachineVersions = Readonly<Record<string, readonly string[]>>;

/** The versions to remember from now on. Throws `Fault("store_corrupt")` when a stored version cannot be read by this release. */
export function checkVersions(catalog: Catalog, stored: unknown): MachineVersions {
  const known = isVersions(stored) ? stored : {};
  for (const [kind, versions] of Object.entries(known)) {
    for (const version of versions) {
      if (!reaches(catalog, kind, version)) {
        throw new Fault(
          "store_corrupt",
          `the store holds ${kind} records of machine version ${version}, which this release cannot read; run the release that wrote them`,
        );
      }
    }
  }
  const current = Object.values(catalog).map(
    ({ kind, version }) => [kind, [...new Set([...(known[kind] ?? []), version])]] as const,
  );
  return Object.fromEntries(current);
}

function reaches(catalog: Catalog, kind: string, from: string): boolean {
  const entry = catalog[kind];
  if (entry === undefined) return false;
  return from === entry.version || entry.migrate[from] !== undefined;
}

function isVersions(value: unknown): value is MachineVersions {
  return typeof value === "object" && value !== null && Object.values(value).every((list) => Array.isArray(list));
}
