/** One ability of the handle, as a path. */
import type { Devnet } from "../../handle.ts";
import type { Json } from "../json.ts";
import type { Fields } from "./fields.ts";

export type ControlRoute = {
  readonly method: "GET" | "POST";
  /** Below /admin/devnet. */
  readonly path: string;
  readonly does: string;
  /** What it takes, for people: a JSON body, or query parameters of a GET. */
  readonly takes: string;
  handle(fields: Fields, devnet: Devnet): Json | Promise<Json>;
};
