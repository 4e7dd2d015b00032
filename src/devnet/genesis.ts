/** How a devnet chain begins: keys derived from the seed, who is rich, and the token. No chance, no clock. */
import { privateKeyToAddress, toHex41 } from "../tron/address.ts";
import { fromHex, toHex } from "../tron/bytes.ts";
import { keccak_256, sha256 } from "../tron/hashes.ts";
import { type Block, blockIdOf, NO_TRANSACTIONS_ROOT, type Witness } from "./block.ts";
import { accountKey, newAccount, type Session, storageKey, WITNESSES } from "./state.ts";
import { usdtGenesis } from "./usdt.ts";

export type ChainIdentity = {
  readonly seed: string;
  readonly witnesses: number;
  /** Timestamp from which slots are counted, ms. Multiple of the slot length. */
  readonly genesisTimestamp: number;
};

export type KeyPair = { readonly address: string; readonly privateKey: Uint8Array };

const RICH_SUN = 40_000_000_000_000_000n;
const OWNER_SUN = 1_000_000_000_000n;
/** 50 thousand million USDT. */
const USDT_SUPPLY = 50_000_000_000_000_000n;

export type Genesis = {
  readonly witnesses: readonly Witness[];
  /** Gives TRX and USDT to whoever asks. */
  readonly faucet: KeyPair;
  /** Owner of the token contract: may pause, blacklist and set fees. */
  readonly tokenOwner: KeyPair;
  /** "41…" */
  readonly usdt: string;
  readonly block: Block;
};

export function genesisOf(identity: ChainIdentity): Genesis {
  const witnesses = Array.from({ length: identity.witnesses }, (_, at) => keyPair(identity, `witness ${at}`));
  const faucet = keyPair(identity, "faucet");
  const tokenOwner = keyPair(identity, "token owner");
  const usdt = `41${toHex(keccak_256(fromHex(seedHash(identity, "token") + tokenOwner.address)).subarray(12))}`;
  const hash = fromHex(seedHash(identity, `genesis ${identity.witnesses} ${identity.genesisTimestamp}`));
  const block: Block = {
    number: 0,
    id: blockIdOf(0, hash),
    parentId: NO_TRANSACTIONS_ROOT,
    timestamp: 0,
    txTrieRoot: NO_TRANSACTIONS_ROOT,
    witness: "",
    witnessSignature: "",
    transactions: [],
  };
  return { witnesses, faucet, tokenOwner, usdt, block };
}

/** Writes the first state of the chain. */
export function writeGenesis(session: Session, genesis: Genesis, identity: ChainIdentity): void {
  const born = newAccount(identity.genesisTimestamp);
  session.write(accountKey(genesis.faucet.address), { ...born, balance: RICH_SUN });
  session.write(accountKey(genesis.tokenOwner.address), { ...born, balance: OWNER_SUN });
  session.write(accountKey(genesis.usdt), { ...born, isContract: true });
  for (const witness of genesis.witnesses) session.write(accountKey(witness.address), born);
  // The faucet starts with everything, so that giving does not have to move the owner's tokens first.
  for (const [slot, value] of usdtGenesis(genesis.faucet.address.slice(2), USDT_SUPPLY)) {
    session.write(storageKey(genesis.usdt, slot), value);
  }
  session.write(
    WITNESSES,
    genesis.witnesses.map(() => 0),
  );
}

function keyPair(identity: ChainIdentity, role: string): KeyPair {
  const privateKey = fromHex(seedHash(identity, role));
  return { privateKey, address: toHex41(privateKeyToAddress(privateKey)) };
}

function seedHash(identity: ChainIdentity, role: string): string {
  return toHex(sha256(Buffer.from(`tron devnet / ${identity.seed} / ${role}`, "utf8")));
}
