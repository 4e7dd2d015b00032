import { inspect } from "node:util";

/**
 * A secret setting. Whatever turns it into text (logs, errors, JSON, a debugger) gets "[secret]"; only `reveal` shows
 * it, so every place that reads a secret can be found by that word.
 */
export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
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
