export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export function isRecord(value: unknown): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
