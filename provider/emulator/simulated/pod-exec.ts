/** Commands in pods, as a kubelet runs them. Of all programs only `etcdctl` in an etcd pod is played. */
import type { Cluster } from "./cluster";
import { etcdctl } from "./etcdctl";
import { companionsOf } from "./kubernetes-api/cluster-objects";
import { ended, internalError, type Executed } from "./kubernetes-api/exec";
import { objectIn, stringIn, type KubernetesObject } from "./kubernetes-api/objects";
import { isUp, type Site } from "./site";

const NOT_FOUND = 127;
const ETCDCTL = new Set(["etcdctl", "/usr/local/bin/etcdctl"]);

export function execInPod(site: Site, cluster: Cluster, pod: KubernetesObject, container: string, command: readonly string[]): Executed {
  const node = stringIn(objectIn(pod, "spec"), "nodeName") ?? "";
  const machine = site.machines.get(cluster.kubelets[node]?.machineId ?? "");
  if (!machine?.up) return internalError(`error dialing backend: dial tcp ${stringIn(objectIn(pod, "status"), "hostIP") ?? node}:10250: connect: no route to host`);
  const [program = "", ...args] = command;
  if (pod.metadata.name === `etcd-${node}` && pod.metadata.namespace === "kube-system") {
    const self = cluster.members.find((member) => member.machineId === machine.id);
    // A removed member's etcd ends, and starts no more.
    if (!self) return internalError(`unable to upgrade connection: container not found ("${container}")`);
    if (ETCDCTL.has(program)) {
      const up = isUp(site);
      const { stdout, stderr, code } = etcdctl(args, {
        clusterId: BigInt(`0x${cluster.id.replace(/-/g, "").slice(-16)}`),
        version: companionsOf(machine.disk?.version ?? "").etcd.replace(/-.*$/, ""),
        term: cluster.term,
        self,
        members: cluster.members,
        leader: cluster.leader(up),
        isUp: (member) => up(member.machineId),
        remove: (id) => cluster.removeMember(id, up),
        moveLeader: (id) => cluster.moveLeader(id, up),
      });
      return { stdout, stderr, status: ended(code) };
    }
  }
  const stderr = `OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": executable file not found in $PATH: unknown\n`;
  return { stdout: "", stderr, status: ended(NOT_FOUND) };
}
