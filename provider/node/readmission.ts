/**
 * User data for a worker whose kubelet was off for longer than its certificate lasts: by itself it can't get another one (on a control
 * plane the agent signs it). They leave a bootstrap-kubelet.conf, with which the kubelet asks for a certificate as it did at its join
 * (https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/); the agent removes it as soon as it has one.
 */
import { bootstrapTokenPattern } from "../kubernetes/bootstrap-token";
import { yamlText } from "./yaml-text";

export interface Readmission {
  /** Address and port of the API: `203.0.113.7:6443`. */
  readonly endpoint: string;
  readonly caCertificate: string;
  /** Made for this machine, and withdrawn once its node is Ready. */
  readonly token: string;
}

/**
 * `bootcmd`, because cloud-init runs it at every boot of a machine that it knows already, unlike `write_files`
 * (https://docs.cloud-init.io/en/latest/reference/modules.html#bootcmd). One text, not a list of words: nothing of it shows among the processes.
 * @throws when the token isn't one; the message doesn't repeat it
 */
export function readmissionUserData({ endpoint, caCertificate, token }: Readmission): string {
  if (!bootstrapTokenPattern.test(token)) throw new Error("readmission: the join token is malformed");
  // JSON is YAML, and has no quote that ends what the shell reads.
  const kubeconfig = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "readmission",
    clusters: [{ name: "cluster", cluster: { server: `https://${endpoint}`, "certificate-authority-data": Buffer.from(caCertificate).toString("base64") } }],
    users: [{ name: "kubelet", user: { token } }],
    contexts: [{ name: "readmission", context: { cluster: "cluster", user: "kubelet" } }],
  });
  return `#cloud-config\n${yamlText({ bootcmd: [`umask 077\ncat >/etc/kubernetes/bootstrap-kubelet.conf <<'END'\n${kubeconfig}\nEND\n`] })}`;
}
