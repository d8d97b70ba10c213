/** Join tokens: random, short-lived, made for one operation (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/). */

/** Gives that many random bytes: `(n) => randomBytes(n)` of node:crypto; a test hands in its own. */
export type RandomBytes = (count: number) => Uint8Array;

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/** The form of a token: `abcdef.0123456789abcdef`. */
export const bootstrapTokenPattern = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

function randomText(length: number, random: RandomBytes): string {
  let text = "";
  for (let draws = 0; text.length < length; draws++) {
    if (draws > 100) throw new Error("the random source gives no usable bytes");
    // 252 is the largest multiple of 36 in a byte: what is above would make some letters likelier than others.
    for (const byte of random(length)) if (byte < 252 && text.length < length) text += alphabet.charAt(byte % 36);
  }
  return text;
}

/**
 * A new token, about 113 bits of it random.
 * @example newBootstrapToken(randomBytes) // "k3x0vp.9aw2m1q7c5z8d4e6"
 */
export function newBootstrapToken(random: RandomBytes): string {
  return `${randomText(6, random)}.${randomText(16, random)}`;
}

export interface BootstrapTokenSecret {
  readonly apiVersion: "v1";
  readonly kind: "Secret";
  readonly metadata: { readonly name: string; readonly namespace: "kube-system" };
  readonly type: "bootstrap.kubernetes.io/token";
  /** Values in base64, as the API keeps them. */
  readonly data: Readonly<Record<string, string>>;
}

/** `bootstrap-token-<id>`: the id is the public half. @throws when the token isn't one; the message doesn't repeat it. */
export function bootstrapTokenSecretName(token: string): string {
  if (!bootstrapTokenPattern.test(token)) throw new Error("not a bootstrap token: want six and sixteen characters of a-z and 0-9 with a dot between");
  return `bootstrap-token-${token.slice(0, 6)}`;
}

/** The Secret in kube-system that makes a token known to the API: what `kubeadm token create` writes. */
export function bootstrapTokenSecret(token: string, expires: Date): BootstrapTokenSecret {
  const name = bootstrapTokenSecretName(token);
  const values: Record<string, string> = {
    "token-id": token.slice(0, 6),
    "token-secret": token.slice(7),
    // Whole seconds: the token cleaner parses RFC 3339.
    expiration: expires.toISOString().replace(/\.\d{3}Z$/, "Z"),
    "usage-bootstrap-authentication": "true",
    // Lets the controller sign cluster-info with it, without which discovery by token finds nothing.
    "usage-bootstrap-signing": "true",
    "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    description: "ablestack-kubernetes: joins machines of one operation",
  };
  const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "kube-system" }, type: "bootstrap.kubernetes.io/token", data };
}
