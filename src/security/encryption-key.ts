/** Where the passphrase of the keystore comes from, and which ones are refused. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Fault } from "../domain/errors.ts";
import { createFolder, readPrivateFile, writePrivateFile } from "./private-file.ts";
import { Secret } from "./secret.ts";

export const ENCRYPTION_KEY_LENGTH_MIN = 32;
/** Text of fewer different characters was typed with one finger, not generated. */
const DISTINCT_CHARACTERS_MIN = 8;
/** Values seen in examples, templates and tutorials; compared without case and without what is not a letter or digit. */
const KNOWN_EXAMPLES = [
  "changeme",
  "changethis",
  "change_this_in_production",
  "your-encryption-key",
  "your-32-character-encryption-key",
  "your_wallet_encryption_key",
  "wallet_encryption_key",
  "example",
  "default",
  "secret",
  "password",
  "placeholder",
  "insecure",
  "01234567890123456789",
  "0123456789abcdef",
  "abcdefghijklmnop",
  "qwertyuiop",
];

/**
 * The passphrase from `WALLET_ENCRYPTION_KEY`. On the devnet only, a missing one is generated into
 * `DATA_DIR/wallet-encryption-key` and read from there ever after. Throws `Fault("config_invalid")` when it is missing,
 * shorter than 32 characters or a known example; the message never repeats the value.
 */
export async function resolveEncryptionKey(source: {
  env: Readonly<Record<string, string | undefined>>;
  network: string;
  dataDir: string;
}): Promise<Secret> {
  const given = source.env["WALLET_ENCRYPTION_KEY"];
  if (given !== undefined && given !== "") return Secret.fromText(checked(given));
  if (source.network !== "devnet") {
    throw new Fault(
      "config_invalid",
      `WALLET_ENCRYPTION_KEY is not set. On ${source.network} it is required: ${howToMakeOne}`,
    );
  }
  return generatedKey(source.dataDir);
}

const howToMakeOne = `at least ${ENCRYPTION_KEY_LENGTH_MIN} random characters, for example from "openssl rand -base64 48"`;

async function generatedKey(dataDir: string): Promise<Secret> {
  const path = join(dataDir, "wallet-encryption-key");
  const stored = await readPrivateFile(path);
  if (stored !== undefined) return Secret.fromText(checked(stored.trim()));
  await createFolder(dataDir);
  const text = randomBytes(32).toString("base64url");
  await writePrivateFile({ path, text: `${text}\n` });
  return Secret.fromText(text);
}

function checked(text: string): string {
  const problem = problemOf(text);
  if (problem !== undefined) throw new Fault("config_invalid", `WALLET_ENCRYPTION_KEY ${problem}; use ${howToMakeOne}`);
  return text;
}

function problemOf(text: string): string | undefined {
  if (text.length < ENCRYPTION_KEY_LENGTH_MIN) return `is shorter than ${ENCRYPTION_KEY_LENGTH_MIN} characters`;
  if (new Set(text).size < DISTINCT_CHARACTERS_MIN) return "repeats a few characters";
  const plain = bare(text);
  if (KNOWN_EXAMPLES.some((example) => plain.includes(bare(example)))) return "is, or contains, a known example value";
  return undefined;
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
