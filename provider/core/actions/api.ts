/** Steps on the way to the cluster's API: anti-affinity group, balancer rule, firewall rules, and the first answer. */
import { apiPort, anchorOf } from "../desired";
import { claimRule } from "../claim";
import { ClusterError } from "../errors";
import { affinityGroupName, balancerMembers, readFirewallRule } from "../observe";
import { apiFirewallTuple, apiRuleDescription } from "../plan-api";
import { comingBackSeconds } from "../plan-repair";
import { mark, ownershipTags, parseMachineName, tagKeys, tagParameters, type TaggedKind, type Tags } from "../ownership";
import type { MachineRef, Work } from "../step";
import { assignMembers } from "./joining";
import type { Operation } from "./operation";
import { awaitWhole } from "./whole";

export async function createAffinityGroup(operation: Operation, { strict }: Extract<Work, { kind: "createAffinityGroup" }>): Promise<void> {
  const { desired, world } = operation;
  const group = await world.mold.run(
    "createAffinityGroup",
    {
      name: affinityGroupName(desired.uid),
      // It can carry no tag (431): the description says whose it is.
      description: `control planes of ${desired.name}, ${world.owner} ${mark(desired.uid)}`,
      type: strict ? "host anti-affinity" : "non-strict host anti-affinity",
    },
    { ...operation.context("anti-affinity group"), property: "affinity" },
  );
  operation.affinityGroupId = group.id;
}

export async function deleteAffinityGroup(operation: Operation, { groupId }: Extract<Work, { kind: "deleteAffinityGroup" }>): Promise<void> {
  await operation.world.mold.run("deleteAffinityGroup", { id: groupId }, operation.context("anti-affinity group"));
}

export async function createApiRule(operation: Operation): Promise<void> {
  const { desired, world } = operation;
  const context = operation.context("API balancer rule");
  const job = await world.mold.start(
    "createLoadBalancerRule",
    {
      publicipid: desired.place.publicIpAddressId,
      networkid: desired.place.networkId,
      name: `${desired.name}-api`,
      description: apiRuleDescription(desired),
      algorithm: "roundrobin",
      publicport: apiPort,
      privateport: apiPort,
      // Always: a rule made without a protocol can't be updated later (530).
      protocol: "tcp",
      // Otherwise Mold opens the port to the world by a rule that carries no tag.
      openfirewall: false,
    },
    context,
  );
  const rule = await job.done();
  operation.apiRuleId = rule.id ?? job.id;
  await operation.tagger.add("LoadBalancer", operation.apiRuleId!, ownershipTags(desired.uid, world.owner, "api"));
}

export async function describeApiRule(operation: Operation, { ruleId }: Extract<Work, { kind: "describeApiRule" }>): Promise<void> {
  await operation.world.mold.run(
    "updateLoadBalancerRule",
    { id: ruleId, description: apiRuleDescription(operation.desired), protocol: "tcp", algorithm: "roundrobin" },
    operation.context("API balancer rule"),
  );
}

export async function deleteApiRule(operation: Operation, { ruleId }: Extract<Work, { kind: "deleteApiRule" }>): Promise<void> {
  await operation.world.mold.run("deleteLoadBalancerRule", { id: ruleId }, operation.context("API balancer rule"));
}

export async function joinApiBalancer(operation: Operation, { machines }: Extract<Work, { kind: "joinApiBalancer" }>): Promise<void> {
  await assignMembers(operation, operation.apiRuleId!, machines, "API balancer rule");
}

/** Heartbeats come every ten seconds: a node that is not heard of for this long is not up. Milliseconds. */
const longestSilenceMs = 60_000;

/** A control plane goes only while the others are a majority of etcd without it: looked at just before, since the plan may be old. */
export async function leaveApiBalancer(operation: Operation, machine: MachineRef): Promise<void> {
  const { world, desired, kubernetes } = operation;
  const context = operation.context("API balancer rule");
  const members = await balancerMembers(world, operation.apiRuleId!);
  const controlPlanes = (await kubernetes.nodes()).flatMap(({ name }) => (parseMachineName(desired.name, name)?.role === "control-plane" ? [{ name, role: "control-plane" as const }] : []));
  const others = controlPlanes.filter((other) => other.name !== machine.name && operation.isThere(other.name) && members.includes(operation.idOf(other))).map(({ name }) => name);
  const majority = Math.floor(controlPlanes.length / 2) + 1;
  const up = await operation.nodes.upAmong(others, { least: majority, longestMs: longestSilenceMs });
  if (up.length < majority) {
    throw new ClusterError(`${machine.name} stays: of the other control planes ${up.join(", ") || "none"} serve, and etcd of ${desired.name} needs ${majority} without it. Bring the others back (run again once their nodes are Ready).`, context);
  }
  if (!members.includes(operation.idOf(machine))) return;
  // One whose agent went on while no run was there may just be exchanging its API server and etcd.
  await awaitWhole(kubernetes, up.map((name) => ({ name })), {
    least: majority,
    patience: operation.patienceOf(comingBackSeconds * 1000),
    giveUp: (lacking, waited) => `${machine.name} stays: etcd of ${desired.name} needs ${majority} control planes without it, and of the others is not whole after ${waited}: ${lacking}. Look at their pods in kube-system, then run again.`,
  });
  await world.mold.run("removeFromLoadBalancerRule", { id: operation.apiRuleId!, virtualmachineids: [operation.idOf(machine)] }, context);
}

export async function openApi(operation: Operation, { cidr }: Extract<Work, { kind: "openApi" }>): Promise<void> {
  const { desired, world } = operation;
  const { place } = desired;
  const context = { ...operation.context("API firewall rule"), property: "apiAccess.cidrList" };
  await claimRule(world, {
    what: `firewall rule tcp/${apiPort} from ${cidr}`,
    resource: context.resource,
    property: context.property,
    address: place.publicIpAddressId,
    kind: "FirewallRule",
    tuple: apiFirewallTuple(cidr),
    tags: ownershipTags(desired.uid, world.owner, "api"),
    find: async () =>
      (await world.mold.list("listFirewallRules", { ipaddressid: place.publicIpAddressId }, context))
        .map(readFirewallRule)
        .filter(({ protocol, startPort, endPort, cidrs }) => protocol === "tcp" && startPort === apiPort && endPort === apiPort && cidrs.join() === cidr),
    create: async () =>
      world.mold.start("createFirewallRule", { ipaddressid: place.publicIpAddressId, protocol: "tcp", startport: apiPort, endport: apiPort, cidrlist: [cidr] }, context),
  });
}

export async function closeApi(operation: Operation, { ruleId }: Extract<Work, { kind: "closeApi" }>): Promise<void> {
  await operation.world.mold.run("deleteFirewallRule", { id: ruleId }, operation.context("API firewall rule"));
}

export async function awaitApi(operation: Operation, { restarted = false, lost }: Extract<Work, { kind: "awaitApi" }>): Promise<void> {
  const { desired, patience, kubernetes } = operation;
  // What can't be expected is waited for as long as a machine needs that somebody has just started.
  const bound = lost === undefined ? (restarted ? operation.returning : patience) : operation.patienceOf(Math.min(comingBackSeconds * 1000, operation.longestReturnMs));
  const elsewhere =
    `The first control plane's console in Mold says how far it came; see also that nothing between here and the address blocks the port (apiAccess.cidrList must let this machine in). ` +
    `${restarted ? "A machine that hangs is rebooted in Mold, by which nothing is lost. " : ""}Then run again: it goes on from here.${restarted ? " If most of the control planes are lost for good, so is etcd: then destroy the cluster and create it anew." : ""}`;
  await bound.until(
    async () => ((await kubernetes.ready()) ? true : undefined),
    (waited) => `the API at ${desired.place.publicIpAddress}:${apiPort} does not answer after ${waited}${lost === undefined ? `. ${elsewhere}` : `: ${lost}.`}`,
  );
}

export const markInitialising = (operation: Operation): Promise<void> => tagAnchor(operation, { tags: { [tagKeys.initialising]: operation.desired.uid } });
export const markInitialised = (operation: Operation): Promise<void> => tagAnchor(operation, { tags: { [tagKeys.initialised]: operation.desired.uid } });

export async function tagAnchor(operation: Operation, { tags }: Pick<Extract<Work, { kind: "tagAnchor" }>, "tags">): Promise<void> {
  const { kind, id } = anchorOf(operation.subject.place);
  await operation.tagger.add(kind, id, tags);
}

export async function untagAnchor(operation: Operation, { tags }: Extract<Work, { kind: "untagAnchor" }>): Promise<void> {
  const { kind, id } = anchorOf(operation.subject.place);
  await untag(operation, kind, id, tags);
}

export async function crossOffIntent(operation: Operation, { tags }: Extract<Work, { kind: "crossOffIntent" }>): Promise<void> {
  await untag(operation, "PublicIpAddress", operation.subject.place.publicIpAddressId, tags);
}

async function untag(operation: Operation, kind: TaggedKind, id: string, tags: Tags): Promise<void> {
  await operation.world.mold.run("deleteTags", { resourcetype: kind, resourceids: [id], tags: tagParameters(tags) }, operation.context());
}
