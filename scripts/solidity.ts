/** The one way in which Solidity is compiled here: the pinned compiler, one contract of one file, no metadata. */
import { createRequire } from "node:module";

export type Artifact = {
  readonly name: string;
  readonly compiler: string;
  readonly abi: readonly unknown[];
  /** Hex of the code that runs once. */
  readonly bytecode: string;
  /** Name of a state variable -> its slot. */
  readonly slots: Readonly<Record<string, number>>;
};

type Compiler = { version(): string; compile(input: string): string };
type Compiled = {
  readonly abi: readonly unknown[];
  readonly evm: { readonly bytecode: { readonly object: string } };
  readonly storageLayout: { readonly storage: readonly { readonly label: string; readonly slot: string }[] };
};
type Output = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: { readonly source: Readonly<Record<string, Compiled>> };
};

/**
 * `contract`: its name, if the file has more than one that can be deployed. `evmVersion`: the newest instructions that the
 * code may use. Throws with the compiler's words.
 */
export function compile(
  source: string,
  { contract, evmVersion = "cancun" }: { readonly contract?: string; readonly evmVersion?: string } = {},
): Artifact {
  const compiler: unknown = createRequire(import.meta.url)("solc");
  if (!isCompiler(compiler)) throw new Error("solc is not what it was");
  const settings = {
    evmVersion,
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "storageLayout"] } },
  };
  const input = { language: "Solidity", sources: { source: { content: source } }, settings };
  const output: unknown = JSON.parse(compiler.compile(JSON.stringify(input)));
  if (!isOutput(output)) throw new Error("solc answered something else");
  const wrong = output.errors?.filter((error) => error.severity === "error") ?? [];
  const compiled = output.contracts?.source ?? {};
  const name = contract ?? Object.keys(compiled).find((one) => compiled[one]?.evm.bytecode.object !== "") ?? "";
  const made = compiled[name];
  if (made === undefined || wrong.length > 0) throw new Error(wrong.map((error) => error.formattedMessage).join(""));
  const slots = Object.fromEntries(made.storageLayout.storage.map(({ label, slot }) => [label, Number(slot)]));
  return { name, compiler: compiler.version(), abi: made.abi, bytecode: made.evm.bytecode.object, slots };
}

function isCompiler(value: unknown): value is Compiler {
  return typeof value === "object" && value !== null && "compile" in value && "version" in value;
}

function isOutput(value: unknown): value is Output {
  return typeof value === "object" && value !== null && ("contracts" in value || "errors" in value);
}
