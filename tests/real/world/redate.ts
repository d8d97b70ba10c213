/** Gives certificates of real nodes another end, signed by the cluster's own CAs: machines share the host's clock, which nobody moves. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Runs a script in a machine, by its name; what it printed. */
export type Inside = (name: string, text: string, ...args: string[]) => string;

const redate = readFileSync(join(__dirname, "redate.sh"), "utf8");
const pki = "/etc/kubernetes/pki";

/** The kubelet's own, on any node. */
export const kubeletClient = "/var/lib/kubelet/pki/kubelet-client-current.pem";

/** A minute ago, so that no clock is behind it. */
const from = (): string => String(Math.floor(Date.now() / 1000) - 60);
const under = (ca: string): string[] => [`${pki}/${ca}.crt`, `${pki}/${ca}.key`];

/** All that kubeadm made on a control plane, and its kubelet's where `kubelet` says so. @param end seconds since 1970 */
export function redateControlPlane(inside: Inside, name: string, end: number, { kubelet = false } = {}): void {
  const files = (...names: string[]): string[] => names.map((each) => `${pki}/${each}.crt`);
  // Only the first control plane has that of super-admin.
  const kubeconfigs = inside(name, "cd /etc/kubernetes && ls {admin,super-admin,controller-manager,scheduler}.conf 2>/dev/null || true").split("\n").map((file) => `/etc/kubernetes/${file}`);
  inside(name, redate, from(), String(end), ...under("ca"), ...(kubelet ? [kubeletClient] : []), ...files("apiserver", "apiserver-kubelet-client"), ...kubeconfigs);
  inside(name, redate, from(), String(end), ...under("etcd/ca"), ...files("etcd/server", "etcd/peer", "etcd/healthcheck-client", "apiserver-etcd-client"));
  inside(name, redate, from(), String(end), ...under("front-proxy-ca"), ...files("front-proxy-client"));
}

/** A worker's kubelet's: it has no key of the CA, so that this is signed on a control plane. The agent looks anew at once. @param end seconds since 1970 */
export function redateWorker(inside: Inside, controlPlane: string, name: string, end: number): void {
  const pem = inside(name, `base64 -w0 ${kubeletClient}`);
  // The script's own arguments begin behind the certificate.
  const signed = inside(controlPlane, `echo "$5" | base64 -d >/root/worker.pem\n${redate}\nbase64 -w0 /root/worker.pem; rm /root/worker.pem`.replace("ca=$3 ca_key=$4\nshift 4", "ca=$3 ca_key=$4\nshift 5; set -- /root/worker.pem"), from(), String(end), ...under("ca"), pem);
  inside(name, `echo "$1" | base64 -d >"$(readlink -f ${kubeletClient})"; systemctl restart ablestack-kubernetes-agent`, signed);
}
