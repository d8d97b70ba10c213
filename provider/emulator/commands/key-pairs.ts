/** SSH key pairs. */
import { createHash, generateKeyPairSync } from "node:crypto";
import { asked, equals, keyword, owner, page } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { invalid } from "../errors";
import type { KeyPairRow } from "../model";

function pairAnswer(call: Call, pair: KeyPairRow): object {
  return { id: pair.id, name: pair.name, ...owner(call.cloud, pair), fingerprint: pair.fingerprint, hasannotations: false };
}

/** One without the path, as recorded for the two that make a pair. */
function madeAnswer(call: Call, pair: KeyPairRow): object {
  const { domainpath: _path, ...shown } = pairAnswer(call, pair) as { domainpath?: string };
  return shown;
}

function register(call: Call, publicKey: string): KeyPairRow {
  const { cloud } = call;
  const name = call.need("name");
  if (cloud.table("keyPairs").find((pair) => pair.name === name && pair.accountId === call.owner.accountId && pair.projectId === call.owner.projectId) !== undefined) {
    throw invalid(`A key pair with name '${name}' already exists.`);
  }
  const [kind, body] = publicKey.trim().split(/\s+/);
  if (!/^(ssh-|ecdsa-|sk-)/.test(kind ?? "") || body === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(body)) throw invalid("Public key is invalid");
  const hex = createHash("md5").update(Buffer.from(body, "base64")).digest("hex");
  return cloud.table("keyPairs").put({ ...cloud.identity("keyPairs"), ...call.owner, name, fingerprint: (hex.match(/../g) ?? []).join(":"), publicKey: publicKey.trim() });
}

/** An RSA public key as OpenSSH writes it. */
function openSsh(modulus: string, exponent: string): string {
  const part = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const positive = (text: string): Buffer => {
    const bytes = Buffer.from(text, "base64url");
    return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  };
  return `ssh-rsa ${Buffer.concat([part(Buffer.from("ssh-rsa")), part(positive(exponent)), part(positive(modulus))]).toString("base64")}`;
}

export const keyPairCommands: Commands = {
  listSSHKeyPairs: {
    kind: "sync",
    refs: { id: "keyPairs" },
    run: (call) => {
      const pairs = call.cloud.table("keyPairs").filter((pair) => asked(call, pair) && call.shows(pair) && equals(call, "name", pair.name) && equals(call, "fingerprint", pair.fingerprint) && keyword(call, pair.name, pair.fingerprint));
      return page(call, "sshkeypair", pairs, (pair) => pairAnswer(call, pair));
    },
  },

  registerSSHKeyPair: { kind: "sync", run: (call) => ({ keypair: madeAnswer(call, register(call, call.need("publickey"))) }) },

  createSSHKeyPair: {
    kind: "sync",
    run(call) {
      const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const { n, e } = publicKey.export({ format: "jwk" });
      const pair = register(call, openSsh(n ?? "", e ?? ""));
      return { keypair: { privatekey: privateKey.export({ type: "pkcs1", format: "pem" }).toString(), ...madeAnswer(call, pair) } };
    },
  },

  deleteSSHKeyPair: {
    kind: "sync",
    run(call) {
      const name = call.need("name");
      const pair = call.cloud.table("keyPairs").find((one) => one.name === name && one.accountId === call.owner.accountId && one.projectId === call.owner.projectId);
      if (pair === undefined) throw invalid(`A key pair with name '${name}' does not exist for account ${call.caller.account.name} in specified domain id`);
      call.cloud.drop("keyPairs", pair);
      return { success: true };
    },
  },
};
