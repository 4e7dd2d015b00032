/** AccountPermissionUpdate (java-tron AccountPermissionUpdateActuator). */
import { isHex41 } from "../../tron/address.ts";
import type { ContractValue } from "../../tron/contracts.ts";
import { PERMISSION_TYPES } from "../../tron/shapes/fields.ts";
import type { Permission } from "../account-rows.ts";
import { parametersOf } from "../chain-parameters.ts";
import { invalid, type Rejection } from "../outcome.ts";
import { AVAILABLE_OPERATIONS, SIGNATURES_MAX } from "../parameters.ts";
import { PERMISSION_TYPE } from "../permissions.ts";
import { accountOf, type Session, type View } from "../state.ts";
import { witnessOf } from "../witnesses.ts";
import type { Actuators, Effect } from "./actuator.ts";
import { burnFee } from "./fees.ts";

const ACTIVES_MAX = 8;
const NAME_LENGTH_MAX = 32;
const OPERATIONS_BYTES = 32;
const INT64_MAX = 2n ** 63n - 1n;

type Update = ContractValue<"AccountPermissionUpdateContract">;

export const permissionActuators = {
  AccountPermissionUpdateContract: {
    validate: (view, { value }) => {
      const objection = objectionTo(view, value);
      return objection === undefined ? undefined : invalid(objection);
    },
    execute: (session, { value }) => update(session, value),
  },
} satisfies Actuators;

function objectionTo(view: View, { owner_address, owner, witness, actives }: Update): string | undefined {
  if (!isHex41(owner_address)) return "invalidate ownerAddress";
  if (accountOf(view, owner_address) === undefined) return "ownerAddress account does not exist";
  if (owner === undefined) return "owner permission is missed";
  const isWitness = witnessOf(view, owner_address) !== undefined;
  if (isWitness && witness === undefined) return "witness permission is missed";
  if (!isWitness && witness !== undefined) return "account isn't witness can't set witness permission";
  if (actives.length === 0) return "active permission is missed";
  if (actives.length > ACTIVES_MAX) return "active permission is too many";
  if (owner.type !== PERMISSION_TYPE.Owner) return "owner permission type is error";
  const wrong = objectionToPermission(owner);
  if (wrong !== undefined) return wrong;
  if (witness !== undefined) {
    if (witness.type !== PERMISSION_TYPE.Witness) return "witness permission type is error";
    const objection = objectionToPermission(witness);
    if (objection !== undefined) return objection;
  }
  for (const active of actives) {
    if (active.type !== PERMISSION_TYPE.Active) return "active permission type is error";
    const objection = objectionToPermission(active);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function objectionToPermission(permission: Permission): string | undefined {
  const { keys, type, threshold, permission_name: name } = permission;
  if (keys.length > SIGNATURES_MAX) {
    return `number of keys in permission should not be greater than ${SIGNATURES_MAX}`;
  }
  if (keys.length === 0) return "key's count should be greater than 0";
  if (type === PERMISSION_TYPE.Witness && keys.length !== 1) return "Witness permission's key count should be 1";
  if (threshold <= 0n) return "permission's threshold should be greater than 0";
  if (name.length > NAME_LENGTH_MAX) return "permission's name is too long";
  if (permission.parent_id !== 0) return "permission's parent should be owner";
  return objectionToKeys(permission) ?? objectionToOperations(permission);
}

function objectionToKeys({ keys, type, threshold }: Permission): string | undefined {
  const typeName = PERMISSION_TYPES[type] ?? "UNRECOGNIZED";
  if (new Set(keys.map(({ address }) => address)).size !== keys.length) {
    return `address should be distinct in permission ${typeName}`;
  }
  let sum = 0n;
  for (const { address, weight } of keys) {
    if (!isHex41(address)) return "key is not a validate address";
    if (weight <= 0n) return "key's weight should be greater than 0";
    sum += weight;
    if (sum > INT64_MAX) return "long overflow";
  }
  return sum < threshold
    ? `sum of all key's weight should not be less than threshold in permission ${typeName}`
    : undefined;
}

function objectionToOperations({ type, operations }: Permission): string | undefined {
  if (type !== PERMISSION_TYPE.Active) {
    const typeName = PERMISSION_TYPES[type] ?? "UNRECOGNIZED";
    return operations === "" ? undefined : `${typeName} permission needn't operations`;
  }
  if (operations.length !== OPERATIONS_BYTES * 2) return "operations size must 32";
  const asked = Buffer.from(operations, "hex");
  const available = Buffer.from(AVAILABLE_OPERATIONS, "hex");
  for (let bit = 0; bit < OPERATIONS_BYTES * 8; bit += 1) {
    const mask = 1 << (bit & 7);
    const beyond = (asked[bit >> 3] ?? 0) & ~(available[bit >> 3] ?? 0);
    if ((beyond & mask) !== 0) return `${bit} isn't a validate ContractType`;
  }
  return undefined;
}

function update(session: Session, value: Update): Effect | Rejection {
  const { owner_address: hex41, owner, witness, actives } = value;
  if (owner === undefined) throw new RangeError("an update without an owner is refused before");
  session.write(`permissions!${hex41}`, {
    owner: { ...owner, id: 0 },
    witness: witness === undefined ? null : { ...witness, id: 1 },
    actives: actives.map((active, at) => ({ ...active, id: at + 2 })),
  });
  const fee = BigInt(parametersOf(session).getUpdateAccountPermissionFee);
  return burnFee(session, hex41, fee) ?? { result: "SUCCESS", fee };
}
