/** The kubeconfig that users get. Imported at program start, so it needs nothing but Node. */

export interface KubeconfigInput {
  /** Names the cluster, the context (both as is) and the user (`<name>-admin`). */
  readonly name: string;
  /** `https://203.0.113.7:6443` */
  readonly endpoint: string;
  /** PEM. */
  readonly caCertificate: string;
  /** PEM. */
  readonly adminCertificate: string;
  /** PEM; a secret, which makes the whole text one. */
  readonly adminKey: string;
}

/** A JSON string is a YAML one: quoted, so that a cluster named `on` or `1e3` stays a name. */
const quote = (text: string): string => JSON.stringify(text);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/**
 * YAML for kubectl and for `new k8s.Provider(…, { kubeconfig })`. The same input gives the same text, byte for byte.
 * @example kubeconfig({ name: "prod", endpoint: "https://203.0.113.7:6443", caCertificate, adminCertificate, adminKey })
 */
export function kubeconfig(input: KubeconfigInput): string {
  const user = `${input.name}-admin`;
  return `apiVersion: v1
kind: Config
clusters:
- name: ${quote(input.name)}
  cluster:
    server: ${quote(input.endpoint)}
    certificate-authority-data: ${base64(input.caCertificate)}
users:
- name: ${quote(user)}
  user:
    client-certificate-data: ${base64(input.adminCertificate)}
    client-key-data: ${base64(input.adminKey)}
contexts:
- name: ${quote(input.name)}
  context:
    cluster: ${quote(input.name)}
    user: ${quote(user)}
current-context: ${quote(input.name)}
`;
}
