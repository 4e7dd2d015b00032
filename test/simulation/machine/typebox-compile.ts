/**
 * Stands where `typebox/compile` is for the program: the real one, which compiles a schema once. A program that starts
 * again has the same schemas, and what was made of them has no state.
 */
import { Compile as compile, type Validator } from "typebox/compile";
import type { TSchema } from "typebox";

export type { Validator };

const made = new WeakMap<TSchema, Validator>();

export function Compile(schema: TSchema): Validator {
  const validator = made.get(schema) ?? compile(schema);
  made.set(schema, validator);
  return validator;
}
