/**
 * Whose turn it is when the same bytes are pushed again: a node may take them, say so and forward nothing. Owns what it
 * remembers of the latest bytes; after a restart the turns begin anew.
 */
import type { ChainNode } from "./chain-node.ts";

const REMEMBERED_MAX = 10_000;

export class PushTurns {
  readonly #seenBy = new Map<string, Set<ChainNode>>();

  /**
   * Those that did not see the bytes and could take them at once first, otherwise as given: nobody waits for a turn. All
   * begin anew once all have seen them.
   */
  ordered(id: string, nodes: readonly ChainNode[]): readonly ChainNode[] {
    const seen = this.#seenBy.get(id);
    if (seen === undefined) return nodes;
    if (nodes.every((node) => seen.has(node))) this.#seenBy.delete(id);
    const first = nodes.filter((node) => !seen.has(node) && node.takesBytes());
    return [...first, ...nodes.filter((node) => !first.includes(node))];
  }

  saw(id: string, node: ChainNode): void {
    const seen = this.#seenBy.get(id) ?? new Set();
    seen.add(node);
    // Whatever was pushed longest ago is forgotten first.
    this.#seenBy.delete(id);
    this.#seenBy.set(id, seen);
    const oldest = this.#seenBy.keys().next();
    if (this.#seenBy.size > REMEMBERED_MAX && oldest.done !== true) this.#seenBy.delete(oldest.value);
  }
}
