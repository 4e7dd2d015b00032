import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Codec } from "../../src/persistence/codec.ts";
import { MemoryKeyValue } from "../../src/persistence/memory-key-value.ts";
import { openLevelStore } from "../../src/persistence/open-level-store.ts";
import { RecordStore } from "../../src/persistence/record-store.ts";
import { storeContract } from "../contracts/store.contract.ts";

storeContract("a store in memory", () => {
  const store = new RecordStore(new MemoryKeyValue(), new Codec());
  return Promise.resolve({ store, dispose: () => store.close() });
});

storeContract("a store on LevelDB", async () => {
  const directory = await mkdtemp(join(tmpdir(), "lucid-store-"));
  const { store } = await openLevelStore({ directory });
  const dispose = async () => {
    await store.close();
    await rm(directory, { recursive: true });
  };
  return { store, dispose };
});
