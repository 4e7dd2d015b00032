/** What has to be true in every world, by number and name. ARCHITECTURE.md and docs/simulation.md show this list. */

export const INVARIANTS = {
  "paid once": "A1. At most one successful payment per payout is on the chain. Looked at in every solidified block.",
  "refused means unpaid":
    "A2. What was refused, rejected, or cancelled with a 200 is never paid. Looked at in every solidified block.",
  "limits hold":
    "A3. No wallet pays more in a day, more at once, or less at once than its limits say, nor above the threshold, or to a payee who looks like another one, without an approval by another than the creator. Looked at in every solidified block.",
  "nothing forgotten":
    "A4. What was answered with 202 is still there, with the wallet, payee and amount of the order, and is rejected by nobody but a person; a row that rotted is not written over.",
  "confirmed means paid":
    "A5. A payout is confirmed if and only if a solidified block pays it; payout and block name one transaction, one amount, one fee.",
  "proof before new bytes":
    "A6. Before a payout's next attempt is signed, the one before it failed unsigned, is a failure in a solidified block, or has a recorded proof of expiry that the chain bears out.",
  "ended or waiting": "A7. Every payout has ended or says what it waits for.",
  "ledger equals chain": "A8. Each wallet's ledger equals the chain to the unit, and nothing is left reserved.",
  "same key, same answer":
    "A9. All answers to one Idempotency-Key are the same, byte for byte, before and after any crash.",
  "journal leads to record":
    "A10. Each actor's journal on the disk has every revision once, each begins where the one before ended, and its machine, run once more from it, gives the stored record: state, context, effects, timers, lists.",
  "refused for its reason":
    "A11. An order that is wrong in itself is refused with the code of that wrong, and a right one is not refused.",
  "no secret": "A12. No key, token, or passphrase is in a log line, an answer, or a row on the disk.",
  "no error line": "A13. No log line of level error, unless the disk failed or a row rotted.",
  liveness:
    "A14. Once nothing goes wrong any more, everything settles within 240 blocks, also with a clock that was set back and stays so.",
  starts: "A16. The program starts again after every end, once nothing goes wrong any more.",
  "in time":
    "A20. What pays an order with a not_after are bytes that died by then. Looked at in every solidified block.",
  "stopped means stopped":
    "A17. While the follower is stopped, because the nodes left the solidified chain, no new order is accepted.",
  "readings go forward":
    "A18. Who was told a wallet's balance as of a block is never told one as of an earlier block later.",
  "relayed is told":
    "A21. What others signed and was answered with 202 is told by its txID: confirmed if and only if a solidified block has it, and pushed no longer than it lives. What was not accepted is not pushed.",
  "no bug answered": "A19. No answer is a 500.",
  vacuous: "A15. The seed did what it claims: 100 payouts, 20 faults, a crash.",
} as const;

export type Invariant = keyof typeof INVARIANTS;
