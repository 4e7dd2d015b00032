import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rooms, wiring } from "../../rooms.mjs";
import { generatedFiles } from "../../scripts/generated-docs.ts";
import { ERRORS } from "../../src/domain/errors.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const notOurs = new Set(["node_modules", ".git", "data", "coverage", ".cache"]);

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (notOurs.has(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const files = filesBelow(".");
const source = files.filter((file) => file.startsWith("src/") && file.endsWith(".ts"));
const code = files.filter((file) => /\.(ts|mjs)$/.test(file));

describe("documentation", () => {
  test("the generated parts say what the source says (npm run docs)", () => {
    const stale = generatedFiles(read).filter(([file, text]) => read(file) !== text);
    expect(stale.map(([file]) => file)).toEqual([]);
  });

  test("every error code has a section in docs/errors.md and every section is a code", () => {
    const sections = [...read("docs/errors.md").matchAll(/^## (.+)$/gm)].flatMap(([, title]) => title ?? []);
    expect(new Set(sections)).toEqual(new Set(Object.keys(ERRORS)));
    expect(sections).toHaveLength(Object.keys(ERRORS).length);
  });

  test("every npm command that a document names exists", () => {
    const commands = Object.keys(JSON.parse(read("package.json")).scripts);
    const named = files
      .filter((file) => file.endsWith(".md"))
      .flatMap((file) => [...read(file).matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, name]) => name));
    expect(named.filter((name) => name !== undefined && !commands.includes(name))).toEqual([]);
  });

  test("decisions are numbered without gaps", () => {
    const numbers = files
      .filter((file) => file.startsWith("docs/adr/"))
      .map((file) => file.slice("docs/adr/".length, "docs/adr/".length + 4));
    expect(numbers.toSorted()).toEqual(numbers.map((_, index) => String(index + 1).padStart(4, "0")));
  });
});

describe("rooms", () => {
  test("every folder of src is a room and every room is a folder", () => {
    const folders = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual(Object.keys(rooms).toSorted());
  });

  test("only the wiring stands outside the rooms", () => {
    expect(
      source.filter((file) => file.split("/").length === 2).every((file) => wiring.includes(file.slice("src/".length))),
    ).toBe(true);
  });

  test("a room may import only rooms and files that exist", () => {
    const targets = Object.values(rooms).flatMap(({ may }) => may);
    const exists = (may: string): boolean => may in rooms || source.includes(`src/${may}.ts`);
    expect(targets.filter((may) => !exists(may))).toEqual([]);
  });

  test("the packages of the rooms are the dependencies of the program", () => {
    const declared = Object.keys(JSON.parse(read("package.json")).dependencies);
    const owned = new Set(Object.values(rooms).flatMap(({ packages }) => packages));
    expect([...owned].filter((name) => !declared.includes(name))).toEqual([]);
  });
});

describe("files", () => {
  test("a source file has at most 400 lines", () => {
    expect(source.filter((file) => read(file).split("\n").length > 401)).toEqual([]);
  });

  // The words are put together here so that this file does not contain them.
  test.each([
    ["a note to do it later", new RegExp(`\\b(TO${"DO"}|FIX${"ME"}|XX${"X"})\\b`)],
    ["a path of the machine it was written on", new RegExp(`["'\`( ]/wo${"rk"}/|/ho${"me"}/[a-z]+/`)],
  ])("no file holds %s", (_, pattern) => {
    const texts = files.filter((file) => !/\.(png|ico|gz|bin)$/.test(file));
    expect(texts.filter((file) => pattern.test(read(file)))).toEqual([]);
  });

  test("no test is skipped, singled out or left for later", () => {
    const pattern = new RegExp(
      `\\b(test|it|describe)(\\.concurrent|\\.sequential)?\\.(${["skip", "only", "todo", "fails"].join("|")})\\b|\\bx(it|describe)\\(`,
    );
    expect(code.filter((file) => file.startsWith("test/") && pattern.test(read(file)))).toEqual([]);
  });

  test("an exception from a lint rule names the rule and says why", () => {
    const disable = new RegExp(`(?:oxlint|eslint)-dis${"able"}(?:-next-line|-line)?(?<rest>.*)$`, "gm");
    const silent = code.flatMap((file) =>
      [...read(file).matchAll(disable)]
        .filter((match) => !/ [a-z-]+(\/[a-z-]+)? -- \S/.test(match.groups?.["rest"] ?? ""))
        .map(() => file),
    );
    expect(silent).toEqual([]);
  });
});

describe("packages", () => {
  const manifest = JSON.parse(read("package.json"));
  const lock = JSON.parse(read("package-lock.json"));

  test("every version is exact", () => {
    const versions = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap((group) =>
      Object.entries(group),
    );
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
  });

  test("the lock file has the hash of everything and the address of nothing", () => {
    const entries = Object.entries<{ integrity?: string; resolved?: string }>(lock.packages).filter(
      ([path]) => path !== "",
    );
    expect(entries.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
    expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(read(".npmrc")).not.toMatch(/registry\s*=\s*http/);
  });

  test("Node itself is in the lock file for both platforms, at the same version", () => {
    const versions = ["x64", "arm64"].map((cpu) => lock.packages[`node_modules/node-linux-${cpu}`]?.version);
    expect(versions).toEqual([process.versions.node, process.versions.node]);
  });
});
