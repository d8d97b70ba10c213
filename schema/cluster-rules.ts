/** What holds between the properties of a cluster. */
import { overlap, prefixOf } from "./cidr";
import type { Rule } from "./resource";

const templateForCore: Rule = ({ given, text, fail }) => {
  if (!given("template") && text("management") === "core") fail("template", "is missing; with management \"core\" the machines boot from a cloud image of yours: give its name or id");
};

const survives = (members: number): number => Math.ceil(members / 2) - 1;

const oddControlPlanes: Rule = ({ integer, warn }) => {
  const count = integer("controlPlane.count");
  if (count === undefined || count < 1 || count % 2 === 1) return;
  const lost = survives(count);
  warn(
    `controlPlane.count: ${count} control planes survive ${lost === 0 ? "no failure" : lost === 1 ? "one failure" : `${lost} failures`}, no more than ${count - 1} would, since etcd needs more than half of its members; ${count + 1} survive ${survives(count + 1)}`,
  );
};

const autoscalingBounds: Rule = ({ integer, fail }) => {
  const [min, max] = [integer("workers.autoscaling.min"), integer("workers.autoscaling.max")];
  if (min !== undefined && max !== undefined && min > max) fail("workers.autoscaling.max", `is ${max}, which is below min (${min})`);
};

const upgradeGetsOn: Rule = ({ integer, fail }) => {
  if (integer("upgrade.maxUnavailable") === 0 && (integer("upgrade.maxSurge") ?? 0) === 0) fail("upgrade.maxUnavailable", "is 0 and so is maxSurge; then no worker could ever be upgraded: let one be away, or one more be made");
};

const registryLogin: Rule = ({ given, fail }) => {
  const [username, password] = [given("privateRegistry.username"), given("privateRegistry.password")];
  if (username && !password) fail("privateRegistry.password", "is missing; a username goes with a password");
  if (password && !username) fail("privateRegistry.username", "is missing; a password goes with a username");
};

const adoption: Rule = ({ at, given, fail }) => {
  for (const property of ["adoptId", "adoptIdentity"]) if (given(property) && at("adopt") === false) fail(property, "is given, and adopt is not: it says which cluster is to be taken over. Set adopt: true, or leave it out");
};

/** A run's own keys are nothing that a cluster is to be given unasked. */
const addonCredentials: Rule = ({ given, at, text, fail }) => {
  if (text("management") !== "core") return;
  const asked = ["cloudController", "csi"].filter((addon) => at(`addons.${addon}`) === true);
  if (asked.length > 0 && !given("addons.credentials")) fail("addons.credentials", `is missing; ${asked.join(" and ")} ${asked.length === 1 ? "asks" : "ask"} Mold from within the cluster: name a connection (ablestack:connections.<name>) whose keys may be put there`);
};

/** What Mold's own Kubernetes service asks for beyond (upstream: KubernetesClusterManagerImpl). */
const moldsOwn: Rule = ({ text, integer, at, given, isUnknown, fail, warn }) => {
  if (text("management") !== "mold") return;
  if (given("privateRegistry.url") && !given("privateRegistry.username")) fail("privateRegistry.username", "is missing; Mold takes a registry only with a user and a password");
  if (given("externalLoadBalancerIp") && !given("network")) fail("externalLoadBalancerIp", "goes with a network: name the shared network that it leads to");
  const [control, worker] = [integer("controlPlane.rootDiskGb"), integer("workers.rootDiskGb")];
  if (control !== undefined && control !== worker && !isUnknown(at("workers.rootDiskGb"))) fail("controlPlane.rootDiskGb", `is ${control}, and workers.rootDiskGb is ${worker ?? "left out"}; Mold gives all machines of a cluster one size: say the same for both, or give workers.rootDiskGb alone`);
  const [min, max, count] = [integer("workers.autoscaling.min"), integer("workers.autoscaling.max"), integer("workers.count")];
  if (min !== undefined && max !== undefined && min === max) fail("workers.autoscaling.max", `is ${max}, as min is; there is nothing to scale between: raise it, or leave autoscaling out`);
  const most = (max ?? count ?? 0) + (integer("controlPlane.count") ?? 0);
  // A setting that only administrators can read.
  if (most > mostMachines) warn(`${max === undefined ? "workers.count" : "workers.autoscaling.max"}: makes ${most} machines; Mold takes ${mostMachines} for one cluster unless an administrator has raised cloud.kubernetes.cluster.max.size`);
};

/** By default. */
const mostMachines = 10;

/** kube-controller-manager gives every node a /24 of the pod network, and does nothing for the node after the last. */
const nodePrefix = 24;

const podNetwork: Rule = ({ text, integer, fail }) => {
  if (text("management") !== "core") return;
  const prefix = prefixOf(text("podCidr"));
  if (prefix === undefined) return;
  if (prefix > nodePrefix) {
    fail("podCidr", `is a /${prefix}; each node takes a /${nodePrefix} of it, so it must be a /${nodePrefix} or larger`);
    return;
  }
  const [controlPlanes, workers] = [integer("controlPlane.count"), integer("workers.count")];
  if (controlPlanes === undefined || workers === undefined) return;
  const room = 2 ** (nodePrefix - prefix);
  if (controlPlanes + workers > room) fail("podCidr", `has room for ${room} nodes (a /${nodePrefix} each); ${controlPlanes + workers} are declared: take a larger network`);
};

/** kube-apiserver refuses more than 20 bits of service addresses, kubeadm fewer than ten addresses. */
const serviceNetwork: Rule = ({ text, fail }) => {
  const prefix = prefixOf(text("serviceCidr"));
  if (prefix !== undefined && (prefix < 12 || prefix > 28)) fail("serviceCidr", `is a /${prefix}; Kubernetes takes a /12 to a /28`);
};

const networksApart: Rule = ({ text, fail }) => {
  const [pods, services] = [text("podCidr"), text("serviceCidr")];
  if (pods !== undefined && services !== undefined && overlap(pods, services)) fail("serviceCidr", `${services} overlaps podCidr ${pods}; the two must be apart`);
};

const guestNetworkApart: Rule = ({ text, fail }) => {
  if (text("management") !== "core") return;
  const guest = text("endpoint.networkCidr");
  if (guest === undefined) return;
  for (const property of ["podCidr", "serviceCidr"]) {
    const inside = text(property);
    if (inside !== undefined && overlap(inside, guest)) fail(property, `${inside} overlaps ${guest}, the network of the machines; choose one apart from it`);
  }
};

export const clusterRules: readonly Rule[] = [templateForCore, moldsOwn, oddControlPlanes, autoscalingBounds, upgradeGetsOn, registryLogin, adoption, addonCredentials, podNetwork, serviceNetwork, networksApart, guestNetworkApart];
