/** Stands where `node:fs/promises` is for the program: the part that it uses, over the files of the machine. */
import { machine, operation } from "./power.ts";

const CALL_MS = 2;

function call<T>(name: string, run: () => T): Promise<T> {
  const { delays } = machine();
  return operation(`file ${name}`, delays.next() * CALL_MS, run);
}

export function mkdir(path: string): Promise<void> {
  return call("mkdir", () => machine().files.makeFolder(path));
}

export function chmod(_path: string): Promise<void> {
  return call("chmod", () => undefined);
}

export function readdir(path: string): Promise<string[]> {
  return call("readdir", () => machine().files.names(path));
}

export function readFile(path: string, encoding?: BufferEncoding): Promise<Buffer | string> {
  return call("read", () => {
    const data = machine().files.read(path);
    return encoding === undefined ? data : data.toString(encoding);
  });
}

export function rename(from: string, to: string): Promise<void> {
  return call("rename", () => machine().files.rename(from, to));
}

export function rm(path: string): Promise<void> {
  return call("remove", () => machine().files.remove(path));
}

export function rmdir(path: string): Promise<void> {
  return call("rmdir", () => machine().files.removeFolder(path));
}

/** The machine has one user. Without a delay of its own, so that runs stay what they were. */
export function access(_path: string): Promise<void> {
  return Promise.resolve();
}

/** Nobody in the world writes a file in place: it has no time of its own. */
export function stat(path: string): Promise<{ ino: number; size: number; mtimeMs: number }> {
  return call("stat", () => ({
    ino: machine().files.number(path),
    size: machine().files.read(path).length,
    mtimeMs: 0,
  }));
}

export function statfs(_path: string): Promise<{ bavail: number; bsize: number }> {
  return call("statfs", () => ({ bavail: machine().disk.freeBytes, bsize: 1 }));
}

export function open(path: string, flags: string): Promise<FileHandle> {
  return call("open", () => {
    if (flags === "wx") machine().files.create(path);
    return new FileHandle(path);
  });
}

class FileHandle {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  writeFile(text: string): Promise<void> {
    return call("write", () => machine().files.write(this.path, Buffer.from(text)));
  }

  sync(): Promise<void> {
    return call("sync", () => machine().files.sync(this.path));
  }

  close(): Promise<void> {
    return call("close", () => undefined);
  }
}
