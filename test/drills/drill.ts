/** What a drill says about itself. `main.ts` has the list. */
import type { Judge } from "./support/judge.ts";

export type Option = {
  readonly initial: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly meaning: string;
  /** Otherwise whole numbers only. */
  readonly fractions?: true;
};

export type Drill = {
  readonly proves: string;
  readonly options: Readonly<Record<string, Option>>;
  run(judge: Judge, options: Readonly<Record<string, number>>): Promise<void>;
};

/** Keeps the types of the options together with the function that reads them. */
export function drill<Name extends string>(described: {
  readonly proves: string;
  readonly options: Readonly<Record<Name, Option>>;
  run(judge: Judge, options: Readonly<Record<Name, number>>): Promise<void>;
}): Drill {
  return described;
}
