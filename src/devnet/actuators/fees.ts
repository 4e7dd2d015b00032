/** What an actuator itself burns, beside the fees of every transaction. */
import type { Rejection } from "../outcome.ts";
import { accountOf, burnFrom, type Session } from "../state.ts";

/** Burns a fee, or says what java-tron says when its validation let somebody pass who cannot pay it. */
export function burnFee(session: Session, hex41: string, fee: bigint): Rejection | undefined {
  if (burnFrom(session, hex41, fee)) return undefined;
  const balance = accountOf(session, hex41)?.balance ?? 0n;
  const message = `Contract execute error : ${hex41} insufficient balance, balance: ${balance}, amount: ${fee}`;
  return { code: "CONTRACT_EXE_ERROR", message };
}
