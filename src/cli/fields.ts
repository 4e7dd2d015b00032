/** Reads fields of a JSON answer without trusting its shape: what is not there is `undefined`, never a wrong type. */

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function textAt(value: unknown, name: string): string | undefined {
  const found = fieldsOf(value)[name];
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: unknown, name: string): number | undefined {
  const found = fieldsOf(value)[name];
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}

export function listAt(value: unknown, name: string): readonly unknown[] {
  const found = fieldsOf(value)[name];
  return Array.isArray(found) ? found : [];
}

/** Throws when the answer lacks the field: the other side is not what it should be. */
export function needText(value: unknown, name: string): string {
  const found = textAt(value, name);
  if (found === undefined) throw new Error(`the answer has no text "${name}"`);
  return found;
}
