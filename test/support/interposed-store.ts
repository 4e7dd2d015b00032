import type { Store, Write } from "../../src/ports/store.ts";

/** Every batch of the store goes through `pass`, which lets it land, late or never. */
export function interpose(
  store: Store,
  pass: (writes: readonly Write[], land: () => Promise<void>) => Promise<void>,
): void {
  const open = store.batch.bind(store);
  store.batch = () => {
    const inner = open();
    const all: Write[] = [];
    const add = (writes: readonly Write[]) => {
      inner.add(writes);
      all.push(...writes);
    };
    return { add, write: () => pass(all, () => inner.write()) };
  };
}
