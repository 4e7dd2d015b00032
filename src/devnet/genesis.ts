/** How a devnet chain begins: keys derived from the seed, who is rich, and the token. No chance, no clock. */
import { privateKeyToAddress, toHex41 } from "../tron/address.ts";
import { fromHex, toHex } from "../tron/bytes.ts";
import { keccak_256, sha256 } from "../tron/hashes.ts";
import { type Block, blockIdOf, NO_TRANSACTIONS_ROOT, type Witness } from "./block.ts";
import type { Tvm } from "./evm/tvm.ts";
import { INITIAL_PARAMETERS, INITIAL_WEIGHTS } from "./parameters.ts";
import { DEFAULT_BROKERAGE, openPeriod } from "./rewards.ts";
import { accountKey, newAccount, type Session } from "./state.ts";
import { deployUsdt } from "./usdt.ts";
import { addWitness, electWitnesses } from "./witnesses.ts";
import { hexOfText } from "./words.ts";

export type ChainIdentity = {
  readonly seed: string;
  readonly witnesses: number;
  /** Timestamp from which slots are counted, ms. Multiple of the slot length. */
  readonly genesisTimestamp: number;
};

export type KeyPair = { readonly address: string; readonly privateKey: Uint8Array };

const RICH_SUN = 40_000_000_000_000_000n;
const OWNER_SUN = 1_000_000_000_000n;
/** Votes for the first witness at genesis; they are nobody's, as those of a real genesis block. */
const MOST_VOTES = 10_000_000n;
const VOTES_APART = 10_000n;
/** 50 thousand million USDT. */
const USDT_SUPPLY = 50_000_000_000_000_000n;

export type Genesis = {
  readonly witnesses: readonly Witness[];
  /** Signs the blocks of witnesses that came later, whose keys the devnet does not have. */
  readonly standIn: KeyPair;
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
  const standIn = keyPair(identity, "stand-in");
  return { witnesses, standIn, faucet, tokenOwner, usdt, block };
}

/** Writes the first state of the chain. */
export async function writeGenesis(
  session: Session,
  { genesis, identity, vm }: { genesis: Genesis; identity: ChainIdentity; vm: Tvm },
): Promise<void> {
  const { faucet, tokenOwner, usdt: contract } = genesis;
  const now = identity.genesisTimestamp;
  const born = newAccount(now);
  session.write(accountKey(faucet.address), { ...born, balance: RICH_SUN });
  session.write(accountKey(tokenOwner.address), { ...born, balance: OWNER_SUN });
  for (const witness of genesis.witnesses) session.write(accountKey(witness.address), born);
  // The faucet starts with everything, so that giving does not have to move the owner's tokens first.
  session.write("weights!all", INITIAL_WEIGHTS);
  writeConsensus(session, genesis, identity);
  const token = { contract, owner: tokenOwner.address, holder: faucet.address, supply: USDT_SUPPLY, now };
  await deployUsdt(session, vm, token);
}

function writeConsensus(session: Session, genesis: Genesis, identity: ChainIdentity): void {
  for (const [at, { address }] of genesis.witnesses.entries()) {
    addWitness(session, address, {
      // Fewer votes from one to the next, so that their turns come in this order.
      voteCount: MOST_VOTES - BigInt(at) * VOTES_APART,
      url: hexOfText(`http://sr${at + 1}.devnet`),
      produced: 0,
      missed: 0,
      latestBlock: 0,
      latestSlot: 0,
      brokerage: DEFAULT_BROKERAGE,
      isGuard: true,
    });
  }
  electWitnesses(session, identity.witnesses);
  const nextMaintenance = identity.genesisTimestamp + INITIAL_PARAMETERS.getMaintenanceTimeInterval;
  openPeriod(session, { cycle: 0, nextMaintenance, justMaintained: false, brokerages: {} });
}

function keyPair(identity: ChainIdentity, role: string): KeyPair {
  const privateKey = fromHex(seedHash(identity, role));
  return { privateKey, address: toHex41(privateKeyToAddress(privateKey)) };
}

function seedHash(identity: ChainIdentity, role: string): string {
  return toHex(sha256(Buffer.from(`tron devnet / ${identity.seed} / ${role}`, "utf8")));
}
