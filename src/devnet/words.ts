/** The node's small words: addresses in messages, hex of texts. */
import { fromHex41, isHex41 } from "../tron/address.ts";

/** Base58check of "41…"; what is no address is shown as it is. */
export function base58(hex41: string): string {
  return isHex41(hex41) ? fromHex41(hex41) : hex41;
}

export function hexOfText(text: string): string {
  return Buffer.from(text, "utf8").toString("hex");
}
