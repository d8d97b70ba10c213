/** The inside of the machines in a form that two runs can be compared by: names and states, no ids, no times. */
import type { Json } from "../hypervisor";
import { isNodeReady } from "./kubernetes-api/workloads";
import { objectIn, stringIn } from "./kubernetes-api/objects";
import { kinds } from "./kubernetes-api/resources";
import { isUp, type Site } from "./site";

export function snapshotOf(site: Site): Json {
  const machines = [...site.machines.values()]
    .map((machine) => ({ name: machine.spec.name, phase: machine.state.phase }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const clusters = [...site.clusters]
    .map((cluster) => ({
      version: cluster.facts.version,
      available: cluster.hasQuorum(isUp(site)),
      members: cluster.members.map((member) => ({ name: member.name, learner: member.learner })).sort((a, b) => (a.name < b.name ? -1 : 1)),
      nodes: cluster.store.list(kinds.node).map((node) => ({
        name: node.metadata.name,
        ready: isNodeReady(node),
        version: stringIn(objectIn(objectIn(node, "status"), "nodeInfo"), "kubeletVersion"),
        unschedulable: objectIn(node, "spec").unschedulable === true,
        labels: { ...node.metadata.labels },
      })),
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { machines, clusters, violations: site.violations.list().map(({ kind, text }) => ({ kind, text })) };
}
