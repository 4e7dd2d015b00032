/** What a family of contract types knows: whether a contract may be executed now, and what it does. */
import type { Contract, ContractType } from "../../tron/contracts.ts";
import type { BlockScene } from "../evm/run.ts";
import type { Tvm } from "../evm/tvm.ts";
import type { CallFacts, ContractResult, Rejection, ResultAmounts } from "../outcome.ts";
import type { Session, View } from "../state.ts";
import type { Transaction } from "../transactions.ts";

type ContractOf<T extends ContractType> = Extract<Contract, { type: T }>;

/** What a contract is judged by besides the state; the node's builders have no more than this. */
export type Moment = {
  /** Timestamp of the head block, ms; when a block is being made, of its parent. */
  readonly headTimestamp: number;
  /** Of the transaction, in sun. */
  readonly feeLimit: bigint;
  /** Asked by a builder: the transaction is not there yet, and its bandwidth not paid. */
  readonly building?: true;
};

/** What a contract is executed with. */
export type Execution = Moment & {
  readonly tx: Transaction;
  readonly vm: Tvm;
  /** The block being made; absent in the pending session. */
  readonly block?: BlockScene;
};

/** What a contract did. */
export type Effect = {
  /** Only contract calls can fail and be in a block. */
  readonly result: ContractResult;
  /** What the actuator burned, in sun, with the energy fee; bandwidth, memo and signatures are no part of it. */
  readonly fee: bigint;
  readonly call?: CallFacts;
  /** Fields of the receipt that only some types have. */
  readonly amounts?: ResultAmounts;
};

/** Of contracts `C`; its methods are compared bivariantly, which lets one table hold those of all types. */
export interface Actuator<C extends Contract> {
  /** Whether its bandwidth is that of a transaction that creates an account (tron.md §4.2). */
  createsAccount?(view: View, contract: C): boolean;
  /** What is wrong with it here and now, by `invalid("…")`. Changes nothing: the node's builders ask it too. */
  validate(view: View, contract: C, moment: Moment): Rejection | undefined;
  /**
   * Runs after `validate` found nothing, bandwidth, memo and signatures being paid. A rejection keeps the transaction out
   * of the chain; whatever was written to `session` is then forgotten.
   */
  execute(session: Session, contract: C, execution: Execution): Promise<Effect | Rejection> | Effect | Rejection;
}

export type Actuators = { readonly [T in ContractType]?: Actuator<ContractOf<T>> };
