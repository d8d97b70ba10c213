/** What is to be removed, and what stands in the way. Pure. */
import type { ClusterSubject } from "./desired";
import type { ObservedCluster } from "./observe";
import type { Plan } from "./plan-input";
import { tagKeys } from "./ownership";
import { blockProblems, type Finding } from "./rehearse-delete";
import { estimates, type Step, type Work } from "./step";

export interface DeleteInput {
  readonly subject: ClusterSubject;
  readonly observed: ObservedCluster;
  /** What stands in the way. */
  readonly blocks: readonly Finding[];
}

export function planDelete({ subject, observed, blocks }: DeleteInput): Plan {
  if (blocks.length > 0) return { steps: [], problems: blockProblems(blocks) };
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
  for (const { id } of observed.records ?? []) add({ kind: "unregisterCluster", recordId: id }, `unregisterCluster ${id}`, `delete the record of ${subject.name} in Mold`);
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
