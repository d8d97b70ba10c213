/** Control planes that go down together while an upgrade is under way, which an order must never bring about. */
import type { Cluster } from "./cluster";
import { kinds } from "./kubernetes-api/resources";
import type { Machine } from "./machine";
import { WANTED } from "./node-protocol";
import { clusterOf, isUp, type Site } from "./site";

/** With fewer there is no other to be down, or none to spare anyhow. */
const SPARES_ONE = 3;

/** Some node is told to be what it is not yet. */
function hasOrder(site: Site, cluster: Cluster): boolean {
  return cluster.store.list(kinds.node).some((node) => {
    const wanted = node.metadata.annotations?.[WANTED];
    const machine = site.machines.get(cluster.kubelets[node.metadata.name]?.machineId ?? "");
    return wanted !== undefined && machine?.disk !== undefined && machine.disk.version !== wanted;
  });
}

/** To be called just before a machine goes down by somebody's hand: an order or a power switch, not a host that is lost. */
export function noteDown(site: Site, machine: Machine): void {
  const cluster = clusterOf(site, machine);
  const voters = cluster?.members.filter((member) => !member.learner) ?? [];
  const own = voters.find((member) => member.machineId === machine.id);
  if (!cluster || !own || !machine.up || voters.length < SPARES_ONE) return;
  const down = voters.filter((member) => member !== own && !isUp(site)(member.machineId)).map((member) => member.name);
  if (down.length > 0 && hasOrder(site, cluster)) site.violations.add("two-control-planes-down", `${own.name} went down while ${down.join(" and ")} was`, machine.id);
}
