/** etcd's own word on its members. */
import type { RealStack } from "./real-stack";

const pki = "/etc/kubernetes/pki/etcd";

/** Names of the voting members, sorted, as the one on that node has them. */
export function etcdMembers(real: RealStack, node: string): string[] {
  const command = ["etcdctl", "--endpoints=https://127.0.0.1:2379", `--cacert=${pki}/ca.crt`, `--cert=${pki}/peer.crt`, `--key=${pki}/peer.key`, "member", "list", "--write-out=json"];
  const { members } = JSON.parse(real.kubectl(["-n", "kube-system", "exec", `etcd-${node}`, "--", ...command])) as { members: { name: string; isLearner?: boolean }[] };
  return members.flatMap(({ name, isLearner }) => (isLearner === true ? [] : [name])).sort();
}
