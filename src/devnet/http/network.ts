/** What a node says about itself and the network. */
import { isHex41, isTronAddress } from "../../tron/address.ts";
import { parametersOf, priceHistory } from "../chain-parameters.ts";
import { totalsOf } from "../state.ts";
import { int64, type Json } from "./json.ts";
import { type ApiRequest, textOf } from "./request.ts";
import type { Context } from "./route.ts";

const CODE_VERSION = "4.8.0";

export function getChainParameters(_request: ApiRequest, { at }: Context): Json {
  const entries = Object.entries(parametersOf(at.state));
  return { chainParameter: entries.map(([key, value]) => ({ key, value: int64(value) })) };
}

export function getEnergyPrices(_request: ApiRequest, { at }: Context): Json {
  return { prices: priceHistory(at.state, "getEnergyFee") };
}

export function getBandwidthPrices(_request: ApiRequest, { at }: Context): Json {
  return { prices: priceHistory(at.state, "getTransactionFee") };
}

export function getMemoFee(_request: ApiRequest, { at }: Context): Json {
  return { prices: priceHistory(at.state, "getMemoFee") };
}

export function getBurnTrx(_request: ApiRequest, context: Context): Json {
  return { burnTrxAmount: totalsOf(context.at.state).burnedSun };
}

export function listNodes(): Json {
  return {};
}

export function getNodeInfo(_request: ApiRequest, { chain }: Context): Json {
  const { head, solidNumber } = chain.store;
  const solidId = chain.store.block(solidNumber)?.id ?? "";
  return {
    activeConnectCount: 0,
    beginSyncNum: head.number,
    block: `Num:${head.number},ID:${head.id}`,
    cheatWitnessInfoMap: {},
    configNodeInfo: {
      activeNodeSize: 0,
      allowCreationOfContracts: 1,
      codeVersion: CODE_VERSION,
      listenPort: 0,
      maxConnectCount: 30,
      p2pVersion: "0",
      supportConstant: true,
      versionNum: "18404",
    },
    currentConnectCount: 0,
    machineInfo: { cpuCount: 1, osName: "devnet" },
    passiveConnectCount: 0,
    peerList: [],
    solidityBlock: `Num:${solidNumber},ID:${solidId}`,
    totalFlow: 0,
  };
}

export function validateAddress(request: ApiRequest): Json {
  const text = textOf(request, "address");
  if (text.length === 42) return verdict(isHex41(text), "Hex string format");
  if (text.length === 34) return verdict(isTronAddress(text), "Base58check format");
  if (text.length === 28) return verdict(isHex41(Buffer.from(text, "base64").toString("hex")), "Base64 format");
  return { result: false, message: "Length error" };
}

function verdict(result: boolean, message: string): Json {
  return { result, message: result ? message : "Invalid address" };
}
