/** The fuzzer: an installation of its own below .cache, made at the first run, and one run of it against an engine. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
const HOOKS = join(import.meta.dirname, "hooks.py");
const CACHE = join(import.meta.dirname, "../../../.cache");
const REQUEST_TIMEOUT_S = 30;

/**
 * `positive_data_acceptance` and the checks of undeclared methods are left out: a schema cannot say that a checksum is
 * wrong or that a cursor is of another list, and one path is served by several templates.
 */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
  "missing_required_header",
  "ignored_auth",
];

export type Attack = {
  readonly url: string;
  /** None: no header. */
  readonly token: string | undefined;
  readonly phases: string;
  readonly examples: number;
  readonly seed: number;
  /** Where the exchanged requests are written, as HAR. */
  readonly report: string;
  readonly known: { readonly wallet: string; readonly payout: string; readonly address: string };
};

/** Path of the program. Installs it first, once for each version of the requirements; needs python3 with venv. */
export async function installSchemathesis(): Promise<string> {
  const version = createHash("sha256")
    .update(await readFile(REQUIREMENTS))
    .digest("hex")
    .slice(0, 12);
  const home = join(CACHE, `schemathesis-${version}`);
  const program = join(home, "bin/schemathesis");
  if (existsSync(join(home, "complete"))) return program;
  await rm(home, { recursive: true, force: true });
  await mkdir(CACHE, { recursive: true });
  await mustRun("python3", ["-m", "venv", home], "needs python3 with venv (Debian: apt install python3-venv)");
  const pip = ["install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS];
  await mustRun(join(home, "bin/pip"), pip, "needs the packages of requirements.txt from a Python package index");
  await mkdir(join(home, "making"));
  await rename(join(home, "making"), join(home, "complete"));
  return program;
}

/** Code 0: nothing found. */
export async function attack(program: string, given: Attack): Promise<{ code: number | null; output: string }> {
  const { url, token, phases, examples, seed, report, known } = given;
  const flags = [
    ["--phases", phases],
    ["--max-examples", String(examples)],
    ["--seed", String(seed)],
    ["--checks", token === undefined ? CHECKS.filter((check) => check !== "ignored_auth").join(",") : CHECKS.join(",")],
    ["--request-timeout", String(REQUEST_TIMEOUT_S)],
    // An endless stream is no answer that a fuzzer can wait for; the caller looks at it by itself.
    ["--exclude-path-regex", "/inspector/stream$"],
    ["--report", "har"],
    ["--report-har-path", report],
    ["--suppress-health-check", "all"],
    ["--warnings", "off"],
    ...(token === undefined ? [] : [["--header", `Authorization: Bearer ${token}`]]),
  ].flat();
  return run(program, ["run", `${url}/openapi.json`, ...flags, "--continue-on-failure", "--no-color"], {
    SCHEMATHESIS_HOOKS: HOOKS,
    FUZZ_WALLET: known.wallet,
    FUZZ_PAYOUT: known.payout,
    FUZZ_ADDRESS: known.address,
  });
}

async function mustRun(program: string, args: readonly string[], otherwise: string): Promise<void> {
  const { code, output } = await run(program, args, {}).catch((error: unknown) => ({ code: 1, output: String(error) }));
  if (code !== 0) throw new Error(`npm run fuzz:api ${otherwise}: ${output.slice(-2_000)}`);
}

function run(program: string, args: readonly string[], more: Readonly<Record<string, string>>) {
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    // It leaves a folder of its own where it runs.
    const child = spawn(program, args, {
      cwd: CACHE,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...more },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
