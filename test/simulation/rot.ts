/**
 * Rows that rot on the disk while the program is down, and the operator who puts them back from a copy, as errors.md
 * says. LevelDB's own checksums are below the simulated disk; this is what the engine's have to notice.
 */
import { hasContent, parseRow } from "./row.ts";
import { TOKENS, type World } from "./world.ts";

/** What is never deleted, and never written without being read. Records are what most of a disk holds. */
const PREFIXES = {
  "anybody's": ["s!", "s!", "s!", "m!"],
  "a wallet's": ["s!wallet!"],
  "an open transaction's": ["s!transaction!"],
} as const;
type Whose = keyof typeof PREFIXES;

/** Of the wallets that rot, those for which payouts are approved, which then wait for it. */
const AWAITED = 0.6;

type Damaged = { readonly key: string; readonly original: string; readonly value: string };

export class Rot {
  private damaged: Damaged[] = [];
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** One character of one row is another one when the program starts again. */
  strike(whose: Whose): void {
    const { host, machine, random } = this.world;
    host.crash({ power: false });
    const prefix = random.pick<string>(PREFIXES[whose]);
    const isMeant = ([key, value]: readonly [string, string]) =>
      key.startsWith(prefix) && hasContent(value) && (whose !== "an open transaction's" || isOpen(value));
    const rows = machine.disk.dump().filter(isMeant);
    if (rows.length === 0) throw new Error("nothing is on the disk yet");
    const awaited = rows.filter(([, value]) => hasApprovals(value));
    const [key, original] = random.pick(awaited.length > 0 && random.chance(AWAITED) ? awaited : rows);
    const at = random.below(original.length);
    const value = `${original.slice(0, at)}${original[at] === "0" ? "1" : "0"}${original.slice(at + 1)}`;
    machine.disk.replace(key, value);
    this.damaged.push({ key, original, value });
    this.world.mark("a row rotted");
  }

  mend(): void {
    if (this.damaged.length === 0) return;
    const { host, machine } = this.world;
    host.crash({ power: false });
    for (const { key, original, value } of this.damaged.splice(0)) {
      if (machine.disk.getSync(key) !== value) this.world.overwritten.push(key);
      machine.disk.replace(key, original);
      const [prefix, kind = "", id = ""] = key.split("!");
      if (prefix === "s") void this.release(kind, id);
    }
  }

  /** Whoever could not be read is quarantined; whom nobody needed is not. */
  private async release(kind: string, id: string): Promise<void> {
    const path = `/api/v1/tron/inspector/actors/${kind}/${id}/release`;
    const { status } = await this.world.clients.insist({ method: "POST", path, token: TOKENS.operator.text });
    if (status === 200) this.world.mark("an actor in quarantine was released");
  }
}

function hasApprovals(row: string): boolean {
  return row.includes('"approvalAbove"');
}

function isOpen(row: string): boolean {
  return parseRow<{ readonly status: string }>(row).status === "active";
}
