/**
 * Whether a transaction may enter the chain now, and what it does when it does (tron.md §1.3, §3, §4).
 *
 * X1. The checks run in the order of java-tron (Wallet.broadcastTransaction, Manager.processTransaction): which of two
 *     reasons a client hears depends on it.
 * X2. A refused transaction changes nothing. A failed contract call is charged, and changes nothing else.
 * X3. Time is the head block's: when a block is being made, that is its parent (§1.3).
 */
import type { Contract as ContractMessage } from "../tron/contracts.ts";
import type { Actuator } from "./actuators/actuator.ts";
import { actuatorFor } from "./actuators/registry.ts";
import { tokenIdOf } from "./assets.ts";
import { payBandwidth } from "./bandwidth.ts";
import { type ChainParameters, parametersOf } from "./chain-parameters.ts";
import type { BlockScene } from "./evm/run.ts";
import type { Tvm } from "./evm/tvm.ts";
import { invalid, isRejection, type Outcome, type Rejection } from "./outcome.ts";
import { EXPIRATION_MAX_MS, RESULT_BYTES, SIGNATURE_BYTES, SLOT_MS, TX_BYTES_MAX } from "./parameters.ts";
import { checkSignatures } from "./signatures.ts";
import { timeOfSlot } from "./slots.ts";
import { accountOf, burnFrom, PENDING_BLOCK, read, Session, txKey, type View } from "./state.ts";
import { ownerOf, type Transaction } from "./transactions.ts";
import { base58 } from "./words.ts";

/** The point of the chain at which a transaction is looked at. */
export type Scene = {
  readonly session: Session;
  /** Timestamp of the head block; when a block is being made, of its parent. */
  readonly headTimestamp: number;
  /** What the TAPOS table holds for these two bytes, as hex of 8 bytes. */
  readonly refBlockHash: (refBlockBytes: string) => string | undefined;
  readonly vm: Tvm;
  /** The block being made; absent in the pending session. */
  readonly block?: BlockScene;
};

const INSUFFICIENT: Rejection = { code: "BANDWITH_ERROR", message: "Account resource insufficient error." };
const EXPIRED: Rejection = { code: "TRANSACTION_EXPIRATION_ERROR", message: "Transaction expired" };

/** Rule 3 of tron.md §1.3: no block can come before the next slot, which is later after maintenance. */
export function checkNextSlot(
  tx: Transaction,
  { session, headTimestamp }: { session: View; headTimestamp: number },
): Rejection | undefined {
  const next = timeOfSlot(session, { timestamp: headTimestamp }, 1);
  return tx.raw.expiration < BigInt(next) ? EXPIRED : undefined;
}

/**
 * Checks and executes. A broadcast has checked the signatures before (pool.ts); they are checked again on the state they
 * meet here, because the permissions may have changed since.
 */
export async function execute(tx: Transaction, scene: Scene): Promise<Outcome | Rejection> {
  const [contract, ...more] = tx.raw.contracts;
  if (contract === undefined || more.length > 0) {
    const count = tx.raw.contracts.length;
    const message = `Error: tx ${tx.id} contract size should be exactly 1, this is extend feature ,actual :${count}`;
    return { code: "OTHER_ERROR", message };
  }
  const refused =
    checkTapos(tx, scene) ?? checkCommon(tx, scene) ?? checkDuplicate(tx, scene) ?? checkSignatures(scene.session, tx);
  if (refused !== undefined) return refused;
  const session = new Session(scene.session);
  const outcome = await charge(tx, contract, { ...scene, session });
  if (isRejection(outcome)) return outcome;
  session.write(txKey(tx.id), scene.block?.number ?? PENDING_BLOCK);
  scene.session.merge(session);
  return outcome;
}

function checkTapos(tx: Transaction, scene: Scene): Rejection | undefined {
  if (scene.refBlockHash(tx.raw.refBlockBytes) === tx.raw.refBlockHash) return undefined;
  return { code: "TAPOS_ERROR", message: "Tapos check error." };
}

function checkCommon(tx: Transaction, scene: Scene): Rejection | undefined {
  const bytes = tx.bytes + RESULT_BYTES + RESULT_BYTES;
  if (bytes > TX_BYTES_MAX) {
    const message = `Too big transaction with result, TxId ${tx.id}, the size is ${bytes} bytes, maxTxSize ${TX_BYTES_MAX}`;
    return { code: "TOO_BIG_TRANSACTION_ERROR", message };
  }
  const late = scene.block === undefined ? undefined : checkNextSlot(tx, scene);
  if (late !== undefined) return late;
  const { expiration } = tx.raw;
  const head = BigInt(scene.headTimestamp);
  return expiration <= head || expiration > head + BigInt(EXPIRATION_MAX_MS) ? EXPIRED : undefined;
}

function checkDuplicate(tx: Transaction, scene: Scene): Rejection | undefined {
  if (read(scene.session, txKey(tx.id)) === undefined) return undefined;
  return { code: "DUP_TRANSACTION_ERROR", message: "Dup transaction." };
}

async function charge(tx: Transaction, contract: ContractMessage, scene: Scene): Promise<Outcome | Rejection> {
  const { session, headTimestamp } = scene;
  const owner = ownerOf(contract);
  if (accountOf(session, owner) === undefined) {
    return invalid(`account [${base58(owner)}] does not exist`);
  }
  const actuator = actuatorFor(contract);
  const createsAccount = actuator?.createsAccount?.(session, contract) ?? false;
  const parameters = parametersOf(session);
  const tooBig = createsAccount ? checkCreationSize(tx, parameters) : undefined;
  if (tooBig !== undefined) return tooBig;
  const clock = { headTimestamp, slot: Math.floor(headTimestamp / SLOT_MS) };
  const bill = payBandwidth(
    session,
    { ...quotaOf(contract), owner, bytes: tx.bytes + RESULT_BYTES, createsAccount },
    clock,
  );
  if (isRejection(bill)) return bill;
  const multiSignFee = tx.signatures.length > 1 ? BigInt(parameters.getMultiSignFee) : 0n;
  if (!burnFrom(session, owner, multiSignFee)) return INSUFFICIENT;
  const memoFee = tx.raw.data === "" ? 0n : BigInt(parameters.getMemoFee);
  if (!burnFrom(session, owner, memoFee)) return INSUFFICIENT;
  if (actuator === undefined) return invalid(`${contract.type} is not simulated`);
  const effect = await act(actuator, { contract, tx }, scene);
  if (isRejection(effect)) return effect;
  return { ...bill, ...effect, fee: bill.netFee + multiSignFee + memoFee + effect.fee };
}

function quotaOf(contract: ContractMessage): { readonly tokenId?: string } {
  return contract.type === "TransferAssetContract" ? { tokenId: tokenIdOf(contract.value.asset_name) } : {};
}

function checkCreationSize(
  tx: Transaction,
  { getMaxCreateAccountTxSize: max }: ChainParameters,
): Rejection | undefined {
  const withoutSignatures = tx.bytes - SIGNATURE_BYTES * tx.signatures.length;
  if (withoutSignatures <= max) return undefined;
  const message =
    `Too big new account transaction, TxId ${tx.id}, the size is ${withoutSignatures} bytes, ` + `maxTxSize ${max}`;
  return { code: "TOO_BIG_TRANSACTION_ERROR", message };
}

function act(
  actuator: Actuator<ContractMessage>,
  { contract, tx }: { contract: ContractMessage; tx: Transaction },
  { session, ...scene }: Scene,
) {
  const execution = { ...scene, tx, feeLimit: tx.raw.feeLimit };
  return actuator.validate(session, contract, execution) ?? actuator.execute(session, contract, execution);
}
