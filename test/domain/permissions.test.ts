import { describe, expect, test } from "vitest";
import { otherKeys, signsAlone, soleOwner, type Permission, type Signatories } from "../../src/domain/permissions.ts";

const OWN = "TOwn";
type Change = Partial<{ owner: Permission; actives: Permission[]; witness: Permission }>;
const account = (change: Change): Signatories => ({ kind: "account", ...soleOwner(OWN), ...change });
const owner = (threshold: bigint, ...keys: [string, bigint][]): Permission => ({
  id: 0,
  name: "owner",
  threshold,
  keys: keys.map(([address, weight]) => ({ address, weight })),
});
/** One bit for each of the contract types. */
const active = (permission: Permission, ...contracts: number[]): Permission => {
  const bytes = new Uint8Array(32);
  for (const number of contracts) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (1 << (number & 7));
  return { ...permission, id: 2, operations: Buffer.from(bytes).toString("hex") };
};
const [TRANSFER, VOTE, TRIGGER, UPDATE, FREEZE, DELEGATE] = [1, 4, 31, 46, 54, 57] as const;

describe("the key of an address", () => {
  test.each([
    ["by default", {}, true],
    ["with all the weight that is needed", { owner: owner(2n, [OWN, 2n], ["TOther", 1n]) }, true],
    ["with less", { owner: owner(2n, [OWN, 1n], ["TOther", 1n]) }, false],
    ["that is no key of the owner any more", { owner: owner(1n, ["TOther", 1n]) }, false],
    ["that is no key of an active permission", { actives: [active(owner(1n, ["TOther", 1n]), TRANSFER)] }, true],
    ["of an owner without keys", { owner: owner(0n) }, false],
  ] as const)("%s: signs alone is %#", (_name, change, expected) => {
    expect(signsAlone(account(change as Change), OWN)).toBe(expected);
  });

  test("of a contract signs nothing", () => {
    expect(signsAlone({ kind: "contract" }, OWN)).toBe(false);
    expect(otherKeys({ kind: "contract" }, OWN)).toEqual([]);
  });
});

describe("keys of others can move the money", () => {
  const thief: [string, bigint] = ["TOther", 1n];

  test.each([
    ["as owner", { owner: owner(1n, thief) }, ["TOther"]],
    ["beside the own key", { owner: owner(1n, [OWN, 1n], thief) }, ["TOther"]],
    ["together", { owner: owner(2n, [OWN, 2n], thief, ["TThird", 1n]) }, ["TOther", "TThird"]],
    ["by transfers", { actives: [active(owner(1n, thief), VOTE, TRANSFER)] }, ["TOther"]],
    ["by calls of contracts", { actives: [active(owner(1n, thief), TRIGGER)] }, ["TOther"]],
    ["by taking the account over", { actives: [active(owner(1n, thief), UPDATE)] }, ["TOther"]],
    ["by what is not known yet", { actives: [active(owner(1n, thief), 200)] }, ["TOther"]],
    ["in two ways", { owner: owner(1n, [OWN, 1n], thief), actives: [active(owner(1n, thief), TRANSFER)] }, ["TOther"]],
  ] as const)("%s", (_name, change, expected) => {
    expect(otherKeys(account(change as unknown as Change), OWN)).toEqual(expected);
  });

  test.each([
    ["by default", {}],
    ["with the own key only", { owner: owner(2n, [OWN, 1n], thief) }],
    ["when they lock, lend and vote", { actives: [active(owner(1n, thief), VOTE, FREEZE, DELEGATE)] }],
    ["when they may do nothing", { actives: [active(owner(1n, thief))] }],
    ["when they make blocks", { witness: { ...owner(1n, thief), id: 1 } }],
  ] as const)("not %s", (_name, change) => {
    expect(otherKeys(account(change as unknown as Change), OWN)).toEqual([]);
  });
});
