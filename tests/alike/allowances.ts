/** Differences between the simulated hypervisor and the real one that are as they should be, each with its reason. One that no longer occurs fails. */
import type { Allowed } from "./difference";

const events = /^events of node /;

export const allowances: readonly Allowed[] = [
  {
    subject: events,
    lines: /^-(CgroupV1|InvalidDiskCapacity) by kubelet$/,
    why: "the containers that real machines are here share their host's cgroup v1 and file systems; virtual machines have their own",
  },
  {
    stages: ["create"],
    subject: events,
    lines: /^\+.* by kubelet$/,
    why: "a kubelet's events are lost while it can't write them: on a control plane that joins, the API server beside it is not up yet",
    sometimes: true,
  },
  {
    stages: ["scale down"],
    subject: events,
    lines: /^\+NodeNotSchedulable by kubelet$/,
    why: "a kubelet sees with its next look, up to ten seconds later, that its node was cordoned; by then this one is gone",
    sometimes: true,
  },
  {
    subject: events,
    lines: /^-CIDRAssignmentFailed by cidrAllocator$/,
    why: "the controller manager gives a new node its pod range twice and one of the two is refused (a race of its own, without consequence)",
    sometimes: true,
  },
  {
    subject: /^beside /,
    lines: /^-taint node\.kubernetes\.io\/not-ready:NoExecute: set, removed$/,
    why: "the node lifecycle controller looks every five seconds: it finds some new nodes before they are Ready and others not; in the simulation none",
    sometimes: true,
  },
  {
    stages: ["upgrade"],
    subject: /^node /,
    lines: /^-ablestack\.io\/prepared: 1\.35\.4 failed: no Kubernetes ISO: none is attached$/,
    why: "the job that attaches an ISO ends a moment before a container has it in its drive; an agent that looks just then says so, and looks again",
    sometimes: true,
  },
  {
    subject: /^node /,
    lines: /^\+ablestack\.io\/addons-on-disc: [a-z -]+$/,
    why: "the ISOs that are built here carry none of Mold's add-ons, those of the simulation do",
  },
];
