/** The directory of a program that records, between its start and the cut. */
import { readFile, rm } from "node:fs/promises";
import type { Random } from "../../support/random.ts";
import { readRecording } from "../support/recording.ts";
import { VolatileDisk, type Cut } from "../support/volatile-disk.ts";

export type Manner = { readonly random: Random; readonly strict: boolean };

export class Tally {
  cuts = 0;
  volatileNames = 0;
  lostNames = 0;
  volatileFiles = 0;
  /** Recordings that did not give the directory that the kill had left. */
  readonly unlike: string[] = [];

  add(cut: Cut): void {
    this.cuts += 1;
    this.volatileNames += cut.volatileNames;
    this.lostNames += cut.lostNames;
    this.volatileFiles += cut.volatileFiles;
  }
}

export class Recorded {
  private readonly disk: VolatileDisk;
  private readonly file: string;

  private constructor(disk: VolatileDisk, file: string) {
    this.disk = disk;
    this.file = file;
  }

  /** `file` is where the program writes its recording. */
  static async from(root: string, file: string, strict: boolean): Promise<Recorded> {
    await rm(file, { force: true });
    return new Recorded(await VolatileDisk.of(root, { strict }), file);
  }

  async replay(): Promise<string[]> {
    const bytes = await readFile(this.file).catch(() => Buffer.alloc(0));
    for (const change of readRecording(bytes)) this.disk.apply(change);
    return this.disk.differences();
  }

  cut(random: Random, options: { forgets?: boolean } = {}): Promise<Cut> {
    return this.disk.cut(random, options);
  }
}
