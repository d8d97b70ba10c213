/** What is to be removed, and what stands in the way. Pure. */
import type { ClusterSubject } from "./desired";
import type { ObservedCluster } from "./observe";
import type { Plan } from "./plan-input";
import { tagKeys } from "./ownership";
import { estimates, type Step, type Work } from "./step";

export interface DeleteInput {
  readonly subject: ClusterSubject;
  readonly observed: ObservedCluster;
  /** Names of machines on the cluster's own network that aren't its own. */
  readonly foreign: readonly string[];
}

export function planDelete({ subject, observed, foreign }: DeleteInput): Plan {
  if (foreign.length > 0) {
    const names = foreign.slice(0, 5).join(", ") + (foreign.length > 5 ? ` and ${foreign.length - 5} more` : "");
    const reason = `machines that are not of this cluster are on its network: ${names}. They would keep the network from going. Move or remove them, then destroy again. Nothing was deleted.`;
    return { steps: [], problems: [{ property: "network", reason }] };
  }
  const steps: Step[] = [];
  const add = (work: Work, id: string, title: string, needs: readonly string[] = [], pool?: string): string => {
    steps.push({ id, work, title, needs, estimateSeconds: estimates[work.kind], ...(pool ? { pool } : {}) });
    return id;
  };

  if (observed.apiRule) add({ kind: "deleteApiRule", ruleId: observed.apiRule.id }, "deleteApiRule", `delete the API's balancer rule of ${subject.name}`);
  for (const rule of observed.apiFirewall.filter(({ tags }) => tags[tagKeys.cluster] === subject.uid && tags[tagKeys.role] === "api")) {
    const cidr = rule.cidrs.join(",");
    add({ kind: "closeApi", ruleId: rule.id, cidr }, `closeApi ${cidr}`, `close the API to ${cidr}`);
  }
  const machines = observed.machines.map(({ id, name, role }) =>
    add({ kind: "destroyMachine", machine: { id, name, role } }, `destroyMachine ${name}`, `destroy ${name}`, [], "destroy"),
  );
  if (observed.affinityGroupId) {
    add({ kind: "deleteAffinityGroup", groupId: observed.affinityGroupId }, "deleteAffinityGroup", `delete the anti-affinity group of ${subject.name}`, machines);
  }
  // Last of all, for as long as one of these is there the next run knows which life it is deleting.
  const life = Object.fromEntries([tagKeys.initialising, tagKeys.initialised, tagKeys.generation].flatMap((key) => (observed.anchorTags?.[key] === undefined ? [] : [[key, observed.anchorTags[key]]])));
  if (Object.keys(life).length > 0) {
    add({ kind: "untagAnchor", tags: life }, "untagAnchor", `forget the life of ${subject.name}`, steps.map(({ id }) => id));
  }
  return { steps, problems: [] };
}
