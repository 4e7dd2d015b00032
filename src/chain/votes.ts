/** Who named what. Two addresses of one provider are two nodes to ask and one voice to count. */

export type Speaker = {
  /** Host and port: safe to log. */
  readonly name: string;
  /** Whose word it is. */
  readonly voice: string;
};

/** Names by voice. */
type Side<T> = { readonly value: T; readonly names: Map<string, string> };

export class Votes<T> {
  readonly #sides = new Map<string, Side<T>>();

  cast({ name, voice }: Speaker, value: T, key = keyOf(value)): void {
    const side = this.#sides.get(key) ?? { value, names: new Map<string, string>() };
    this.#sides.set(key, side);
    if (!side.names.has(voice)) side.names.set(voice, name);
  }

  /** What `required` voices named, with one name for each voice. */
  carried(required: number): { readonly value: T; readonly nodes: readonly string[] } | undefined {
    const side = this.#sides.values().find(({ names }) => names.size >= required);
    return side === undefined ? undefined : { value: side.value, nodes: [...side.names.values()].toSorted() };
  }

  get disputed(): boolean {
    return this.#sides.size > 1;
  }

  /** One for each side: what it named, and who did. */
  sides(): { readonly key: string; readonly names: string }[] {
    return [...this.#sides].map(([key, { names }]) => ({ key, names: [...names.values()].join(", ") }));
  }
}

export function countVoices(speakers: readonly { readonly voice: string }[]): number {
  return new Set(speakers.map(({ voice }) => voice)).size;
}

export function keyOf(value: unknown): string {
  const sorted = (map: Map<unknown, unknown>) => [...map].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return JSON.stringify(value, (_, each: unknown) => (each instanceof Map ? sorted(each) : each));
}
