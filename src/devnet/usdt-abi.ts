/** The interface of the token as getcontract shows it. */
import type { AbiEntry } from "./contract.ts";

export const USDT_ABI: readonly AbiEntry[] = [
  view("name()", "string"),
  view("symbol()", "string"),
  view("decimals()", "uint256"),
  view("totalSupply()", "uint256"),
  view("owner()", "address"),
  view("paused()", "bool"),
  view("deprecated()", "bool"),
  view("upgradedAddress()", "address"),
  view("basisPointsRate()", "uint256"),
  view("maximumFee()", "uint256"),
  view("balanceOf(address who)", "uint256"),
  view("allowance(address _owner,address _spender)", "uint256"),
  view("isBlackListed(address _maker)", "bool"),
  view("getBlackListStatus(address _maker)", "bool"),
  view("calcFee(uint256 _value)", "uint256"),
  act("transfer(address _to,uint256 _value)", "bool"),
  act("transferFrom(address _from,address _to,uint256 _value)", "bool"),
  act("approve(address _spender,uint256 _value)", "bool"),
  act("pause()"),
  act("unpause()"),
  act("addBlackList(address _evilUser)"),
  act("removeBlackList(address _clearedUser)"),
  act("setParams(uint256 newBasisPoints,uint256 newMaxFee)"),
  emitted("Transfer", ["from", "to"]),
  emitted("Approval", ["owner", "spender"]),
];

function view(signature: string, output: string): AbiEntry {
  return { ...callable(signature), stateMutability: "View", outputs: [{ type: output }] };
}

function act(signature: string, output?: string): AbiEntry {
  const entry: AbiEntry = { ...callable(signature), stateMutability: "Nonpayable" };
  return output === undefined ? entry : { ...entry, outputs: [{ type: output }] };
}

function callable(signature: string) {
  const [name = "", parameters = ""] = signature.slice(0, -1).split("(");
  const inputs = parameters
    .split(",")
    .filter((parameter) => parameter !== "")
    .map((parameter) => {
      const [type = "", label = ""] = parameter.split(" ");
      return { name: label, type };
    });
  return { name, type: "Function", inputs } as const;
}

function emitted(name: string, parties: readonly string[]): AbiEntry {
  const addresses = parties.map((party) => ({ name: party, type: "address", indexed: true }));
  return { name, type: "Event", inputs: [...addresses, { name: "value", type: "uint256" }] };
}
