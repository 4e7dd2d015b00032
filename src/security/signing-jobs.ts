/** The work of a signing thread, apart from its messages: build with TronWeb, check, sign. Owns decrypted keys. */
import { Fault, isFault } from "../domain/errors.ts";
import type { TronAddress } from "../domain/chain-facts.ts";
import type { BuiltTransaction, PreparedTransaction, SignedTransaction, SigningOrder } from "../ports/world.ts";
import { privateKeyToAddress } from "../tron/address.ts";
import { sign } from "../tron/signature.ts";
import { encodeSigned } from "../tron/transaction.ts";
import { openWalletKey } from "./key-records.ts";
import type { WalletRecord } from "./key-records.ts";
import { differences } from "./order-check.ts";
import { Secret } from "./secret.ts";
import type { Batch, Job, WorkerSetup } from "./signing-protocol.ts";
import { createTransactionBuilder } from "./transaction-builder.ts";

type OpenKey = { readonly address: TronAddress; readonly key: Secret };

export type SigningJobs = {
  /** Takes in the sealed keys of a batch. They are opened when first used. */
  learn(batch: Pick<Batch, "keys" | "forgetKeys">): void;
  run(job: Job): PreparedTransaction | SignedTransaction;
};

export function openJobs(setup: WorkerSetup): SigningJobs {
  const kek = new Secret(setup.kek);
  const build = createTransactionBuilder(setup.usdtContract);
  const sealed = new Map<string, WalletRecord>();
  const open = new Map<string, OpenKey>();

  const keyOf = (walletId: string): OpenKey => {
    const known = open.get(walletId);
    if (known !== undefined) return known;
    const record = sealed.get(walletId);
    if (record === undefined) throw new Fault("key_unavailable", `The key of wallet ${walletId} was not given`);
    const opened = openChecked(record, kek);
    sealed.delete(walletId);
    open.set(walletId, opened);
    return opened;
  };

  return {
    learn({ keys, forgetKeys }) {
      if (forgetKeys) {
        for (const { key } of open.values()) key.wipe();
        open.clear();
        sealed.clear();
      }
      for (const record of keys) sealed.set(record.walletId, record);
    },
    run(job) {
      const { order } = job;
      const signed = (built: BuiltTransaction) => signChecked({ order, built, key: keyOf(order.walletId), setup });
      if (job.do === "sign") return signed(job.built);
      const built = build(order);
      return job.do === "build" ? built : { ...built, ...unlessFault(() => signed(built)) };
    },
  };
}

/** Bytes that could not be signed are as good as bytes that nobody has tried to sign: who asks again hears the fault. */
function unlessFault<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}

function signChecked(request: {
  order: SigningOrder;
  built: BuiltTransaction;
  key: OpenKey;
  setup: WorkerSetup;
}): SignedTransaction {
  const { order, built, key, setup } = request;
  const found = differences({ order, built, signer: key.address, usdtContract: setup.usdtContract });
  if (found.length > 0) {
    const fields = found.map((each) => each.field).join(", ");
    throw new Fault("order_mismatch", `Not signed: the bytes differ from the order in ${fields}`, {
      evidence: { differences: found },
    });
  }
  const signature = key.key.use((bytes) => sign(built.txId, bytes));
  return { signedHex: encodeSigned(built.rawHex, [signature]), txId: built.txId };
}

/** The seal binds the address, and the address must also be the key's own. */
function openChecked(record: WalletRecord, kek: Secret): OpenKey {
  const key = openWalletKey(record, kek);
  if (key.use((bytes) => privateKeyToAddress(bytes)) !== record.address) {
    key.wipe();
    throw new Fault("key_unavailable", `The key of wallet ${record.walletId} does not belong to ${record.address}`);
  }
  return { address: record.address, key };
}
