/**
 * Files in memory, with the difference between what a program sees and what a loss of power leaves.
 *
 * F1. What was written to a file survives when the file was synced afterwards, a name when its folder was.
 * F2. A process that dies without a loss of power loses nothing that it wrote.
 */
import type { Random } from "../../support/random.ts";

type File = { readonly kind: "file"; readonly number: number; now: Buffer; synced: Buffer };
type Folder = { readonly kind: "folder"; now: Map<string, Entry>; synced: Map<string, Entry> };
type Entry = File | Folder;

export class Files {
  private readonly root: Folder = emptyFolder();
  private made = 0;

  /** With all folders above it. */
  makeFolder(path: string): void {
    let folder = this.root;
    for (const name of partsOf(path)) {
      const next = folder.now.get(name) ?? emptyFolder();
      if (next.kind !== "folder") throw failure("ENOTDIR", path);
      folder.now.set(name, next);
      folder = next;
    }
  }

  removeFolder(path: string): void {
    if (this.folder(path).now.size > 0) throw failure("ENOTEMPTY", path);
    this.remove(path);
  }

  names(path: string): string[] {
    return [...this.folder(path).now.keys()].toSorted();
  }

  read(path: string): Buffer {
    return this.file(path).now;
  }

  /** Tells a file from any other that had or has its name. */
  number(path: string): number {
    return this.file(path).number;
  }

  create(path: string): void {
    const [folder, name] = this.place(path);
    if (folder.now.has(name)) throw failure("EEXIST", path);
    this.made += 1;
    folder.now.set(name, { kind: "file", number: this.made, now: Buffer.alloc(0), synced: Buffer.alloc(0) });
  }

  write(path: string, data: Buffer): void {
    this.file(path).now = data;
  }

  /** F1, for a file or a folder. */
  sync(path: string): void {
    const entry = this.find(path);
    if (entry.kind === "file") entry.synced = entry.now;
    else entry.synced = new Map(entry.now);
  }

  rename(from: string, to: string): void {
    const entry = this.find(from);
    const [folder, name] = this.place(to);
    const there = folder.now.get(name);
    if (there?.kind === "folder" && there.now.size > 0) throw failure("ENOTEMPTY", to);
    this.remove(from);
    folder.now.set(name, entry);
  }

  /** With all that is in it; what is not there is no error. */
  remove(path: string): void {
    const [folder, name] = this.place(path);
    folder.now.delete(name);
  }

  /** The power is gone. What was not synced may be there or not. */
  losePower(random: Random): void {
    settle(this.root, random);
  }

  private file(path: string): File {
    const entry = this.find(path);
    if (entry.kind !== "file") throw failure("EISDIR", path);
    return entry;
  }

  private folder(path: string): Folder {
    const entry = this.find(path);
    if (entry.kind !== "folder") throw failure("ENOTDIR", path);
    return entry;
  }

  private find(path: string): Entry {
    let entry: Entry = this.root;
    for (const name of partsOf(path)) {
      const next: Entry | undefined = entry.kind === "folder" ? entry.now.get(name) : undefined;
      if (next === undefined) throw failure("ENOENT", path);
      entry = next;
    }
    return entry;
  }

  /** Where a name stands or could stand. */
  private place(path: string): [folder: Folder, name: string] {
    const parts = partsOf(path);
    return [this.folder(parts.slice(0, -1).join("/")), parts.at(-1) ?? ""];
  }
}

function settle(entry: Entry, random: Random): void {
  if (entry.kind === "file") {
    if (entry.now !== entry.synced && random.chance(0.5)) entry.now = entry.synced;
    entry.synced = entry.now;
    return;
  }
  if (random.chance(0.5)) entry.now = new Map(entry.synced);
  for (const inner of entry.now.values()) settle(inner, random);
  entry.synced = new Map(entry.now);
}

function emptyFolder(): Folder {
  return { kind: "folder", now: new Map(), synced: new Map() };
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: '${path}'`), { code });
}
