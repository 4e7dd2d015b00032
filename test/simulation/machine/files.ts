/**
 * Files in memory, with the difference between what a program sees and what a loss of power leaves.
 *
 * F1. What was written to a file survives when the file was synced afterwards, a name when its folder was.
 * F2. A process that dies without a loss of power loses nothing that it wrote.
 */
import { basename, dirname } from "node:path";
import type { Random } from "../../support/random.ts";

type Content = { now: Buffer; synced: Buffer };
type Folder = { now: Map<string, Content>; synced: Map<string, Content> };

export class Files {
  private readonly folders = new Map<string, Folder>();

  makeFolder(path: string): void {
    for (let at = path; !this.folders.has(at); at = dirname(at)) {
      this.folders.set(at, { now: new Map(), synced: new Map() });
      if (dirname(at) === at) break;
    }
  }

  isFolder(path: string): boolean {
    return this.folders.has(path);
  }

  names(path: string): string[] {
    return [...this.folder(path).now.keys()].toSorted();
  }

  read(path: string): Buffer {
    const content = this.folders.get(dirname(path))?.now.get(basename(path));
    if (content === undefined) throw missing(path);
    return content.now;
  }

  create(path: string): void {
    const { now } = this.folder(dirname(path));
    if (now.has(basename(path))) throw Object.assign(new Error(`EEXIST: ${path}`), { code: "EEXIST" });
    now.set(basename(path), { now: Buffer.alloc(0), synced: Buffer.alloc(0) });
  }

  write(path: string, data: Buffer): void {
    const content = this.folder(dirname(path)).now.get(basename(path));
    if (content === undefined) throw missing(path);
    content.now = data;
  }

  /** F1, for a file or a folder. */
  sync(path: string): void {
    const folder = this.folders.get(path);
    if (folder !== undefined) folder.synced = new Map(folder.now);
    else {
      const content = this.folder(dirname(path)).now.get(basename(path));
      if (content !== undefined) content.synced = content.now;
    }
  }

  rename(from: string, to: string): void {
    const source = this.folder(dirname(from)).now;
    const content = source.get(basename(from));
    if (content === undefined) throw missing(from);
    source.delete(basename(from));
    this.folder(dirname(to)).now.set(basename(to), content);
  }

  remove(path: string): void {
    this.folders.get(dirname(path))?.now.delete(basename(path));
  }

  /** The power is gone. What was not synced may be there or not. */
  losePower(random: Random): void {
    for (const folder of this.folders.values()) {
      if (random.chance(0.5)) folder.now = new Map(folder.synced);
      for (const content of folder.now.values()) {
        if (content.now !== content.synced && random.chance(0.5)) content.now = content.synced;
        content.synced = content.now;
      }
      folder.synced = new Map(folder.now);
    }
  }

  private folder(path: string): Folder {
    const folder = this.folders.get(path);
    if (folder === undefined) throw missing(path);
    return folder;
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: "ENOENT" });
}
