/**
 * A directory with what is durable in it told apart from what is not, and what a loss of power may leave of it.
 *
 * V1. The content of a file is durable up to its last sync. Of what came later, any part may be there: nothing, all, a
 *     beginning with a torn end, or any of its pages, with zeros in between.
 * V2. Names (create, rename, unlink, mkdir) are durable in the order in which they changed, up to the last one that a
 *     sync covers; of the later ones a beginning is there. A sync of a folder covers the names in it, and a sync of a
 *     file its own name: this is what the journals of ext4 and XFS do.
 * V3. With `strict`, as POSIX has it: only a sync of the folder makes a name durable, and of the others any may be there.
 */
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Random } from "../../support/random.ts";
import type { Change } from "./recording.ts";

type Edit = { readonly offset: number; readonly data: Buffer } | { readonly length: number };
type Node = {
  readonly isFolder: boolean;
  /** Content at the beginning. */
  readonly base: Buffer;
  readonly edits: Edit[];
  /** The first of the edits are durable; so many. */
  synced: number;
};
type NameChange =
  | { readonly kind: "link"; readonly path: string; readonly node: Node }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly node: Node }
  | { readonly kind: "unlink"; readonly path: string; readonly node: Node };

export type Cut = {
  /** Changes of names and of contents that were not durable, and how many of them were lost, at least in part. */
  readonly volatileNames: number;
  readonly lostNames: number;
  readonly volatileFiles: number;
};

const PAGE_BYTES = 4_096;

export class VolatileDisk {
  private readonly root: string;
  private readonly isStrict: boolean;
  /** Names that survive. */
  private durable = new Map<string, Node>();
  private beginning: ReadonlyMap<string, Node> = new Map();
  /** Names as the program sees them. */
  private names = new Map<string, Node>();
  private nodes = new Map<bigint, Node>();
  private pending: NameChange[] = [];

  private constructor(root: string, isStrict: boolean) {
    this.root = root;
    this.isStrict = isStrict;
  }

  /** Everything that is there now is durable. */
  static async of(root: string, { strict = false } = {}): Promise<VolatileDisk> {
    const disk = new VolatileDisk(root, strict);
    await disk.take(root);
    disk.names = new Map(disk.durable);
    disk.beginning = new Map(disk.durable);
    return disk;
  }

  apply(change: Change): void {
    switch (change.kind) {
      case "create":
      case "mkdir":
        return this.link(change.path, change.inode, change.kind === "mkdir");
      case "write":
        this.node(change.inode).edits.push({ offset: change.offset, data: Buffer.from(change.data) });
        return;
      case "truncate":
        this.node(change.inode).edits.push({ length: change.length });
        return;
      case "sync":
        return this.sync(this.node(change.inode));
      case "rename": {
        const node = this.named(change.from);
        const renamed: NameChange = { kind: "rename", from: change.from, to: change.to, node };
        follow(this.names, renamed);
        this.pending.push(renamed);
        return;
      }
      case "unlink":
        this.pending.push({ kind: "unlink", path: change.path, node: this.named(change.path) });
        this.names.delete(change.path);
    }
  }

  /** Paths whose content is not what the program wrote, or that are missing or too many: of a complete recording, none. */
  async differences(): Promise<string[]> {
    const real = await VolatileDisk.of(this.root);
    const differs = ([path, node]: [string, Node]): boolean => {
      const found = real.names.get(path);
      return found === undefined || (!node.isFolder && !found.base.equals(contentOf(node)));
    };
    const wrong = [...this.names].filter(differs).map(([path]) => path);
    return [...wrong, ...[...real.names.keys()].filter((path) => !this.names.has(path))];
  }

  /** Puts the directory into a state that a loss of power may leave; with `forgets`, into that of the beginning. */
  async cut(random: Random, { forgets = false } = {}): Promise<Cut> {
    const volatileNames = this.pending.length;
    const surviving = forgets ? [] : this.survivors(random);
    for (const change of surviving) follow(this.durable, change);
    const left = forgets ? this.beginning : this.durable;
    let volatileFiles = 0;
    await rm(this.root, { recursive: true, force: true });
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    for (const [path, node] of [...left].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (path === this.root) continue;
      if (node.isFolder) {
        await mkdir(path, { recursive: true, mode: 0o700 });
        continue;
      }
      if (node.edits.length > node.synced) volatileFiles += 1;
      // A name can survive without its folder only in the strict reading; then it is lost with it.
      if (left.get(dirname(path))?.isFolder !== true) continue;
      await writeFile(path, forgets ? node.base : remainder(node, random));
      await chmod(path, 0o600);
    }
    return { volatileNames, lostNames: volatileNames - surviving.length, volatileFiles };
  }

  private survivors(random: Random): NameChange[] {
    if (this.isStrict) return this.pending.filter(() => random.chance(0.5));
    return this.pending.slice(0, random.below(this.pending.length + 1));
  }

  private async take(path: string): Promise<void> {
    const { ino } = await stat(path, { bigint: true });
    const folder: Node = { isFolder: true, base: Buffer.alloc(0), edits: [], synced: 0 };
    this.durable.set(path, folder);
    this.nodes.set(ino, folder);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const below = join(path, entry.name);
      if (entry.isDirectory()) {
        await this.take(below);
        continue;
      }
      const node: Node = { isFolder: false, base: await readFile(below), edits: [], synced: 0 };
      this.durable.set(below, node);
      this.nodes.set((await stat(below, { bigint: true })).ino, node);
    }
  }

  private link(path: string, inode: bigint, isFolder: boolean): void {
    const node: Node = { isFolder, base: Buffer.alloc(0), edits: [], synced: 0 };
    // An inode is used again when its file is gone.
    this.nodes.set(inode, node);
    this.names.set(path, node);
    this.pending.push({ kind: "link", path, node });
  }

  private sync(node: Node): void {
    node.synced = node.edits.length;
    const covers = (change: NameChange): boolean => {
      if (change.node === node) return !this.isStrict;
      const folders = change.kind === "rename" ? [dirname(change.from), dirname(change.to)] : [dirname(change.path)];
      return node.isFolder && folders.some((folder) => this.names.get(folder) === node);
    };
    if (this.isStrict) {
      for (const change of this.pending.filter(covers)) follow(this.durable, change);
      this.pending = this.pending.filter((change) => !covers(change));
      return;
    }
    const last = this.pending.findLastIndex(covers);
    for (const change of this.pending.splice(0, last + 1)) follow(this.durable, change);
  }

  private node(inode: bigint): Node {
    const node = this.nodes.get(inode);
    if (node === undefined) throw new Error(`the recording names a file that it does not know: inode ${inode}`);
    return node;
  }

  private named(path: string): Node {
    const node = this.names.get(path);
    if (node === undefined) throw new Error(`the recording names a file that it does not know: ${path}`);
    return node;
  }
}

function follow(names: Map<string, Node>, change: NameChange): void {
  if (change.kind === "link") names.set(change.path, change.node);
  else if (change.kind === "unlink") names.delete(change.path);
  else {
    const below = `${change.from}/`;
    const inside = names.entries().filter(([path]) => path.startsWith(below));
    for (const [path, node] of inside.toArray()) {
      names.delete(path);
      names.set(join(change.to, path.slice(below.length)), node);
    }
    names.delete(change.from);
    names.set(change.to, change.node);
  }
}

function contentOf({ base, edits }: Node): Buffer {
  return edited(base, edits);
}

function durableContent({ base, edits, synced }: Node): Buffer {
  return edited(base, edits.slice(0, synced));
}

function edited(content: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return content;
  let size = content.length;
  let capacity = size;
  for (const edit of edits)
    capacity = Math.max(capacity, "length" in edit ? edit.length : edit.offset + edit.data.length);
  const result = Buffer.alloc(capacity);
  content.copy(result);
  for (const edit of edits) {
    if ("length" in edit) {
      result.fill(0, Math.min(edit.length, size), size);
      size = edit.length;
    } else {
      edit.data.copy(result, edit.offset);
      size = Math.max(size, edit.offset + edit.data.length);
    }
  }
  return result.subarray(0, size);
}

/** What the disk has of a file whose newest edits were not synced (V1). */
function remainder(node: Node, random: Random): Buffer {
  if (node.edits.length === node.synced) return contentOf(node);
  switch (random.below(4)) {
    case 0:
      return durableContent(node);
    case 1:
      return contentOf(node);
    case 2:
      return torn(node, random);
    default:
      return patchwork(durableContent(node), contentOf(node), random);
  }
}

function torn({ base, edits, synced }: Node, random: Random): Buffer {
  const whole = synced + random.below(edits.length - synced);
  const last = edits[whole];
  const part: Edit[] =
    last !== undefined && "data" in last
      ? [{ offset: last.offset, data: last.data.subarray(0, random.below(last.data.length)) }]
      : [];
  return edited(base, [...edits.slice(0, whole), ...part]);
}

/** The new length, and each page of it as it was, as it is now, or zeros where there was nothing. */
function patchwork(before: Buffer, now: Buffer, random: Random): Buffer {
  const result = Buffer.alloc(now.length);
  before.copy(result);
  for (let page = 0; page < now.length; page += PAGE_BYTES) {
    if (random.chance(0.5)) now.copy(result, page, page, Math.min(page + PAGE_BYTES, now.length));
  }
  return result;
}
