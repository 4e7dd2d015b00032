/**
 * Code and what is known about it. The interpreter would look for jump targets each time the code runs; the analysis is
 * kept with the bytes instead.
 *
 * K1. The cache is bounded; losing an entry costs time only.
 */
import { fromHex } from "../../tron/bytes.ts";

type Analysis<Entry> = {
  readonly jumps: Uint8Array<ArrayBuffer>;
  readonly pushes: { [pc: number]: bigint };
  readonly opcodesCached: Entry[];
};

export class Code {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

const CACHED_CODES_MAX = 256;

export class CodeCache<Entry> {
  readonly #codes = new Map<string, Code>();
  readonly #analyses = new WeakMap<Uint8Array, Analysis<Entry>>();

  code(hex: string): Code {
    const known = this.#codes.get(hex);
    if (known !== undefined) return known;
    const code = new Code(fromHex(hex));
    this.#codes.set(hex, code);
    if (this.#codes.size > CACHED_CODES_MAX) {
      const [oldest] = this.#codes.keys();
      if (oldest !== undefined) this.#codes.delete(oldest);
    }
    return code;
  }

  analysis(bytes: Uint8Array, analyse: () => Analysis<Entry>): Analysis<Entry> {
    const known = this.#analyses.get(bytes);
    if (known !== undefined) return known;
    const made = analyse();
    this.#analyses.set(bytes, made);
    return made;
  }
}
