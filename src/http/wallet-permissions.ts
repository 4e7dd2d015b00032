/** Whether a wallet can pay at all, and who else could empty it: its account's permissions, read by one node now. */
import { otherKeys, signsAlone } from "../domain/permissions.ts";
import type { Outcome } from "./endpoint.ts";
import { nodeSignal } from "./node-signal.ts";
import type { Surface } from "./surface.ts";
import { permissionsView } from "./views/permissions.ts";

type Account = { readonly id: string; readonly address: string; readonly kind: string };

export async function readPermissions({ gateway }: Surface, wallet: Account): Promise<Outcome> {
  const { id, address } = wallet;
  const signatories = await gateway.signatories(address, nodeSignal());
  const others = otherKeys(signatories, address);
  const isAlone = signsAlone(signatories, address);
  const body = {
    wallet_id: id,
    address,
    activated: signatories.kind !== "not activated",
    signs_alone: isAlone,
    other_keys: others,
    permissions: permissionsView(signatories),
    warnings: warningsOf(wallet, { isAlone, isShared: others.length > 0, isContract: signatories.kind === "contract" }),
  };
  return { status: 200, body };
}

type Found = { readonly isAlone: boolean; readonly isShared: boolean; readonly isContract: boolean };

function warningsOf({ kind }: Account, { isAlone, isShared, isContract }: Found): string[] {
  const found: readonly (readonly [boolean, string])[] = [
    [isContract, "it is a contract: its code decides who moves its money"],
    [
      !isAlone && kind !== "watch",
      "the key of this wallet does not sign for its address alone any more: nodes refuse what the engine signs",
    ],
    [isShared, "keys of others can move its money without the key of this wallet"],
  ];
  return found.flatMap(([holds, text]) => (holds ? [text] : []));
}
