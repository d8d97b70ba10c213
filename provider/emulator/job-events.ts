/** The events of jobs: Created (of what creates), Scheduled, Started, Completed; all after the first carry its id as their parent. */
import type { Cloud, EventText } from "./cloud";
import { ApiError } from "./errors";
import type { JobRow, Row, TableName } from "./model";

interface Told {
  readonly type: string;
  /** As in "Successfully completed stopping Instance". */
  readonly doing: string;
  readonly resource?: string;
  readonly table?: TableName;
}

const machine = (type: string, doing: string): Told => ({ type, doing: `${doing} Instance`, resource: "VirtualMachine", table: "machines" });
const balancer = (type: string, doing: string): Told => ({ type, doing, resource: "LoadBalancer", table: "balancers" });
const firewall = (type: string, doing: string): Told => ({ type, doing, resource: "FirewallRule", table: "firewallRules" });
const forward = (type: string, doing: string): Told => ({ type, doing, resource: "PortForwardingRule", table: "forwards" });
const cluster = (type: string, doing: string): Told => ({ type, doing: `${doing} Kubernetes cluster`, resource: "KubernetesCluster", table: "clusters" });

const told: Readonly<Record<string, Told>> = {
  deployVirtualMachine: machine("VM.CREATE", "deploying"),
  startVirtualMachine: machine("VM.START", "starting"),
  stopVirtualMachine: machine("VM.STOP", "stopping"),
  rebootVirtualMachine: machine("VM.REBOOT", "rebooting"),
  destroyVirtualMachine: machine("VM.DESTROY", "destroying"),
  expungeVirtualMachine: machine("VM.EXPUNGE", "expunging"),
  scaleVirtualMachine: machine("VM.UPGRADE", "upgrading"),
  resizeVolume: { type: "VOLUME.RESIZE", doing: "resizing volume", resource: "Volume", table: "volumes" },
  resetSSHKeyForVirtualMachine: machine("VM.RESETSSHKEY", "resetting the SSH key of"),
  attachIso: machine("ISO.ATTACH", "attaching an ISO to"),
  detachIso: machine("ISO.DETACH", "detaching the ISO of"),
  updateNetwork: { type: "NETWORK.UPDATE", doing: "updating network", resource: "Network", table: "networks" },
  restartNetwork: { type: "NETWORK.RESTART", doing: "restarting network", resource: "Network", table: "networks" },
  deleteNetwork: { type: "NETWORK.DELETE", doing: "deleting network", resource: "Network", table: "networks" },
  createVPC: { type: "VPC.CREATE", doing: "creating vpc", resource: "Vpc", table: "vpcs" },
  updateVPC: { type: "VPC.UPDATE", doing: "updating vpc", resource: "Vpc", table: "vpcs" },
  deleteVPC: { type: "VPC.DELETE", doing: "deleting vpc", resource: "Vpc", table: "vpcs" },
  createNetworkACLList: { type: "NETWORK.ACL.CREATE", doing: "creating network acl list", resource: "NetworkAcl", table: "aclLists" },
  updateNetworkACLList: { type: "NETWORK.ACL.UPDATE", doing: "updating network acl list", resource: "NetworkAcl", table: "aclLists" },
  deleteNetworkACLList: { type: "NETWORK.ACL.DELETE", doing: "deleting network acl list", resource: "NetworkAcl", table: "aclLists" },
  replaceNetworkACLList: { type: "NETWORK.ACL.REPLACE", doing: "replacing network acl list" },
  createNetworkACL: { type: "NETWORK.ACL.ITEM.CREATE", doing: "creating network ACL Item", resource: "NetworkAclItem", table: "aclItems" },
  updateNetworkACLItem: { type: "NETWORK.ACL.ITEM.UPDATE", doing: "updating network ACL Item", resource: "NetworkAclItem", table: "aclItems" },
  deleteNetworkACL: { type: "NETWORK.ACL.ITEM.DELETE", doing: "deleting network ACL Item", resource: "NetworkAclItem", table: "aclItems" },
  associateIpAddress: { type: "NET.IPASSIGN", doing: "associating IP", resource: "IpAddress", table: "addresses" },
  disassociateIpAddress: { type: "NET.IPRELEASE", doing: "disassociating IP", resource: "IpAddress", table: "addresses" },
  createFirewallRule: firewall("FIREWALL.OPEN", "creating firewall rule"),
  updateFirewallRule: firewall("FIREWALL.UPDATE", "updating firewall rule"),
  deleteFirewallRule: firewall("FIREWALL.CLOSE", "deleting firewall rule"),
  createEgressFirewallRule: firewall("FIREWALL.EGRESS.OPEN", "creating egress firewall rule"),
  updateEgressFirewallRule: firewall("FIREWALL.EGRESS.UPDATE", "updating egress firewall rule"),
  deleteEgressFirewallRule: firewall("FIREWALL.EGRESS.CLOSE", "deleting egress firewall rule"),
  createPortForwardingRule: forward("NET.RULEADD", "creating port forwarding rule"),
  updatePortForwardingRule: forward("NET.RULEMODIFY", "updating port forwarding rule"),
  deletePortForwardingRule: forward("NET.RULEDELETE", "deleting port forwarding rule"),
  createLoadBalancerRule: balancer("LB.CREATE", "creating load balancer"),
  updateLoadBalancerRule: balancer("LB.UPDATE", "updating load balancer"),
  deleteLoadBalancerRule: balancer("LB.DELETE", "deleting load balancer"),
  assignToLoadBalancerRule: balancer("LB.ASSIGN.TO.RULE", "assigning to load balancer"),
  removeFromLoadBalancerRule: balancer("LB.REMOVE.FROM.RULE", "removing from load balancer"),
  createLBStickinessPolicy: { type: "LB.STICKINESSPOLICY.CREATE", doing: "creating load balancer stickiness policy" },
  deleteLBStickinessPolicy: { type: "LB.STICKINESSPOLICY.DELETE", doing: "deleting load balancer stickiness policy" },
  createLBHealthCheckPolicy: { type: "LB.HEALTHCHECKPOLICY.CREATE", doing: "creating load balancer health check policy" },
  deleteLBHealthCheckPolicy: { type: "LB.HEALTHCHECKPOLICY.DELETE", doing: "deleting load balancer health check policy" },
  createTags: { type: "CREATE_TAGS", doing: "creating resource tags" },
  deleteTags: { type: "DELETE_TAGS", doing: "deleting resource tags" },
  createAffinityGroup: { type: "AG.CREATE", doing: "creating Affinity Group", resource: "AffinityGroup", table: "affinityGroups" },
  deleteAffinityGroup: { type: "AG.DELETE", doing: "deleting Affinity Group", resource: "AffinityGroup", table: "affinityGroups" },
  createKubernetesCluster: cluster("KUBERNETES.CLUSTER.CREATE", "creating"),
  deleteKubernetesCluster: cluster("KUBERNETES.CLUSTER.DELETE", "deleting"),
  scaleKubernetesCluster: cluster("KUBERNETES.CLUSTER.SCALE", "scaling"),
  stopKubernetesCluster: cluster("KUBERNETES.CLUSTER.STOP", "stopping"),
  startKubernetesCluster: cluster("KUBERNETES.CLUSTER.START", "starting"),
  upgradeKubernetesCluster: cluster("KUBERNETES.CLUSTER.UPGRADE", "upgrading"),
  deleteKubernetesSupportedVersion: { type: "KUBERNETES.VERSION.DELETE", doing: "deleting Kubernetes supported version" },
};

/** What a job is about: what it made, what it works on, or what its `id` names. */
function subject(cloud: Cloud, job: JobRow, table: TableName | undefined): Pick<EventText, "resourceId" | "resourceName"> {
  const id = job.instanceId ?? Object.values(job.made).find((value) => /^[0-9a-f-]{36}$/.test(value)) ?? job.params.id;
  if (id === undefined || table === undefined) return {};
  const row = cloud.table(table).get(id) as (Row & { readonly name?: string; readonly address?: string }) | undefined;
  const name = row?.name ?? row?.address ?? cloud.table("removed").get(id)?.name;
  return { resourceId: id, ...(name === undefined ? {} : { resourceName: name }) };
}

function emit(cloud: Cloud, job: JobRow, rest: Pick<EventText, "text" | "state" | "level">): string {
  const { type, resource, table } = told[job.command] ?? { type: job.command.toUpperCase(), doing: job.command };
  const actor = { userId: job.userId, accountId: job.accountId, projectId: job.projectId };
  return cloud.event(actor, { type, resourceType: resource, ...subject(cloud, job, table), parentId: job.eventId, ...rest });
}

const doing = (job: JobRow): string => told[job.command]?.doing ?? job.command;

/** The events of a job's beginning; returns the id of the first. */
export function jobBegun(cloud: Cloud, job: JobRow, creates: boolean): string {
  if (!creates) return emit(cloud, job, { text: doing(job), state: "Scheduled" });
  const eventId = emit(cloud, job, { text: `Successfully created entity for ${doing(job)}`, state: "Created" });
  emit(cloud, { ...job, eventId }, { text: doing(job), state: "Scheduled" });
  return eventId;
}

export function jobStarted(cloud: Cloud, job: JobRow): void {
  emit(cloud, job, { text: doing(job), state: "Started" });
}

export function jobEnded(cloud: Cloud, job: JobRow, result: object): void {
  if (result instanceof ApiError) emit(cloud, job, { text: `Error while ${doing(job)}: ${result.text}`, state: "Completed", level: "ERROR" });
  else emit(cloud, job, { text: `Successfully completed ${doing(job)}`, state: "Completed" });
}
