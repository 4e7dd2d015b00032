/** Certificates made for one test: an authority, and what it signs. DER by hand, so that no other program is needed. */
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";

export type Authority = {
  /** PEM of the authority itself. */
  readonly pem: string;
  issue(subject: { readonly name: string; readonly hosts?: readonly string[] }): { cert: string; key: string };
};

export function makeAuthority(name: string): Authority {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sign = (subject: string, key: KeyObject, extensions: Buffer[]) =>
    certificate({ issuer: name, subject, publicKey: key, signer: privateKey, extensions });
  const isAuthority = extension("551d13", sequence(der(0x01, Buffer.from([0xff]))));
  return {
    pem: sign(name, publicKey, [isAuthority]),
    issue({ name: subject, hosts = [] }) {
      const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const names = hosts.map((host) =>
        /^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host)),
      );
      const extensions = names.length === 0 ? [] : [extension("551d11", sequence(...names))];
      return {
        cert: sign(subject, own.publicKey, extensions),
        key: own.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
  };
}

let serial = 0;
const ECDSA_SHA256 = sequence(der(0x06, Buffer.from("2a8648ce3d040302", "hex")));

function certificate(of: {
  issuer: string;
  subject: string;
  publicKey: KeyObject;
  signer: KeyObject;
  extensions: Buffer[];
}): string {
  serial += 1;
  const time = (text: string) => der(0x17, Buffer.from(text));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial])),
    ECDSA_SHA256,
    nameOf(of.issuer),
    sequence(time("200101000000Z"), time("491231235959Z")),
    nameOf(of.subject),
    of.publicKey.export({ type: "spki", format: "der" }),
    ...(of.extensions.length === 0 ? [] : [der(0xa3, sequence(...of.extensions))]),
  );
  const signature = createSign("sha256").update(body).sign(of.signer);
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function nameOf(text: string): Buffer {
  const commonName = sequence(der(0x06, Buffer.from("550403", "hex")), der(0x0c, Buffer.from(text)));
  return sequence(der(0x31, commonName));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(der(0x06, Buffer.from(id, "hex")), der(0x04, value));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
