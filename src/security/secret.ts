import { inspect } from "node:util";

/**
 * Holds bytes that must never be printed. Whatever turns it into text (logs, errors, JSON, a debugger's preview) gets
 * "[secret]"; the bytes are seen only inside `use`.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  /** Copies `bytes`: the caller may, and should, wipe its own copy. */
  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
  }

  static fromText(text: string): Secret {
    return new Secret(new TextEncoder().encode(text));
  }

  /** Hands the bytes themselves to `read`, which must not keep them. */
  use<T>(read: (bytes: Uint8Array) => T): T {
    return read(this.#bytes);
  }

  /** Overwrites the bytes. The garbage collector may have moved older copies; this shortens their life, no more. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
