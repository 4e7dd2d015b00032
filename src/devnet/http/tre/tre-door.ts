/** `/tre`: what the TronBox runtime image lets a developer do to the chain, as JSON-RPC. */
import type { Chain } from "../../chain.ts";
import { setBalance, setCode, setSlot, unlock } from "../../interventions.ts";
import type { Schedule } from "../../schedule.ts";
import { json, type SideDoor } from "../answer.ts";
import { answerRpc, InvalidParameters, type Method } from "./json-rpc.ts";
import { mustBeHead, storageRange } from "./storage-range.ts";
import { account, bytes, counted, int64, word } from "./parameters.ts";

const BLOCK_SECONDS_MAX = 60n;
const BLOCKS_MAX = 100n;
const RANGE_MAX = 10_000n;

export const TRE_METHODS: Readonly<Record<string, string>> = {
  tre_mine: "`[{blocks}]`, 1 to 100, 1 if absent: mines now; answers `0x0`",
  tre_blockTime: "`[seconds]`, 0 to 60: a block every so many seconds; 0 is instant mining",
  tre_setAccountBalance: "`[address, sun]`: the balance, which need not have come from anywhere",
  tre_setAccountCode: "`[address, code]`: code that runs there, not that which deploys it",
  tre_setAccountStorageAt: "`[address, slot, value]`: a word of a contract's storage",
  debug_storageRangeAt:
    "`[block, 0, address, startKey, limit]`: slots of a contract at the head, in the order of their hashes",
  tre_unlockedAccounts: "`[[address, …]]`: their transactions need no signature any more",
};

/** Each change of the state mines a block, in which it is visible. */
export function treDoor(chain: Chain, schedule: Schedule): SideDoor {
  const methods = methodsOf(chain, schedule);
  return {
    owns: (path) => path === "/tre" || path === "/tre/",
    answer: async (asked) => {
      if (asked.method !== "POST") return json(405, { error: "use POST" });
      return answerRpc(asked.body, methods);
    },
  };
}

function methodsOf(chain: Chain, schedule: Schedule): Readonly<Record<string, Method>> {
  return {
    tre_mine: async (parameters) => {
      const [options] = counted(parameters, 0, 1);
      const blocks = options === undefined ? 1n : int64(blocksOf(options));
      if (blocks <= 0n || blocks > BLOCKS_MAX) throw new InvalidParameters("blocks should between (0, 100]");
      for (let mined = 0n; mined < blocks; mined += 1n) await chain.mine();
      return "0x0";
    },
    tre_blockTime: (parameters) => {
      const [value] = counted(parameters, 1);
      const seconds = int64(value);
      if (seconds < 0n || seconds > BLOCK_SECONDS_MAX) {
        throw new InvalidParameters("block time should between [0, 60] in second");
      }
      schedule.set(seconds === 0n ? "instant" : Number(seconds) * 1_000);
      return true;
    },
    tre_setAccountBalance: async (parameters) => {
      const [address, value] = counted(parameters, 2);
      const sun = int64(value);
      if (sun < 0n) throw new InvalidParameters("balance can not be less than 0");
      await chain.intervene(setBalance(account(address), sun, chain.store.head.timestamp));
      return true;
    },
    tre_setAccountCode: async (parameters) => {
      const [address, code] = counted(parameters, 2);
      await chain.intervene(setCode(account(address), bytes(code), chain.store.head.timestamp));
      return true;
    },
    tre_setAccountStorageAt: async (parameters) => {
      const [address, slot, value] = counted(parameters, 3);
      await chain.intervene(setSlot(account(address), word(slot), word(value)));
      return true;
    },
    debug_storageRangeAt: (parameters) => {
      const [block, index, address, start, limit] = counted(parameters, 5);
      if (int64(index) !== 0n)
        throw new InvalidParameters("only the latest/current state is supported, txIndex must be 0");
      mustBeHead(chain, block);
      const from = start === null || start === "" ? "" : word(start).toString(16).padStart(64, "0");
      const count = int64(limit);
      if (count <= 0n) throw new InvalidParameters("limit must be greater than 0");
      const range = { contract: account(address), from, limit: Number(count > RANGE_MAX ? RANGE_MAX : count) };
      return chain.still(() => storageRange(chain, range));
    },
    tre_unlockedAccounts: async (parameters) => {
      const [list] = counted(parameters, 1);
      const accounts = (Array.isArray(list) ? list : [list]).map((each: unknown) => account(each));
      await chain.intervene(unlock(accounts));
      return true;
    },
  };
}

function blocksOf(options: unknown): unknown {
  return typeof options === "object" && options !== null && "blocks" in options ? options.blocks : undefined;
}
