import { describe, expect, test } from "vitest";
import { otherKeys, signsAlone, soleOwner, type AccountPermissions } from "../../src/domain/permissions.ts";

const OWN = "TOwn";
const account = (change: Partial<AccountPermissions>): AccountPermissions => ({
  activated: true,
  ...soleOwner(OWN),
  ...change,
});
const owner = (threshold: bigint, ...keys: [string, bigint][]) => ({
  id: 0,
  name: "owner",
  threshold,
  keys: keys.map(([address, weight]) => ({ address, weight })),
});

describe("the key of an address", () => {
  test.each([
    ["by default", {}, true],
    ["with all the weight that is needed", { owner: owner(2n, [OWN, 2n], ["TOther", 1n]) }, true],
    ["with less", { owner: owner(2n, [OWN, 1n], ["TOther", 1n]) }, false],
    ["that is no key of the owner any more", { owner: owner(1n, ["TOther", 1n]) }, false],
    ["that is no key of an active permission", { actives: [{ ...owner(1n, ["TOther", 1n]), id: 2 }] }, true],
    ["of an owner without keys", { owner: owner(0n) }, false],
  ] as const)("%s signs alone: %s %s", (_name, change, expected) => {
    expect(signsAlone(account(change), OWN)).toBe(expected);
  });
});

describe("keys of others", () => {
  test("of the owner and of active permissions are told once each; those of a witness move nothing", () => {
    const shared = account({
      owner: owner(2n, [OWN, 1n], ["TOther", 1n]),
      witness: { ...owner(1n, ["TWitness", 1n]), id: 1 },
      actives: [{ ...owner(1n, ["TOther", 1n], ["TThird", 1n]), id: 2 }],
    });
    expect(otherKeys(shared, OWN)).toEqual(["TOther", "TThird"]);
    expect(otherKeys(account({}), OWN)).toEqual([]);
  });
});
