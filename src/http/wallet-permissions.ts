/** Whether a wallet can pay at all, and who else could empty it: its account's permissions, read by one node now. */
import { otherKeys, signsAlone } from "../domain/permissions.ts";
import type { Outcome } from "./endpoint.ts";
import { nodeSignal } from "./node-signal.ts";
import type { Surface } from "./surface.ts";
import { permissionsView } from "./views/permissions.ts";

type Account = { readonly id: string; readonly address: string; readonly kind: string };

export async function readPermissions({ gateway }: Surface, wallet: Account): Promise<Outcome> {
  const { id, address } = wallet;
  const permissions = await gateway.permissions(address, nodeSignal());
  const isAlone = signsAlone(permissions, address);
  const others = otherKeys(permissions, address);
  const warnings = [
    ...(isAlone || wallet.kind === "watch"
      ? []
      : ["the key of this wallet does not sign for its address alone any more: nodes refuse what the engine signs"]),
    ...(others.length === 0 ? [] : ["keys of other addresses can sign for it: money may leave without this engine"]),
  ];
  const { activated } = permissions;
  const body = {
    wallet_id: id,
    address,
    activated,
    signs_alone: isAlone,
    other_keys: others,
    permissions: permissionsView(permissions),
    warnings,
  };
  return { status: 200, body };
}
