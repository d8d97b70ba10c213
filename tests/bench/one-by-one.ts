/**
 * The same cluster as a careful script makes it, one machine after another: the baseline that create is compared with. FROZEN: it is
 * what it was when it was written, and gets neither slower nor quicker. It uses the same clients (so that both wait for jobs alike)
 * and the same user data, and no more tags than it takes to tell what is whose; it has no lock, no intents, and nothing to continue.
 */
import type { World } from "../../provider/core/ports";
import { encodeUserData, machineUserData, scrubbedUserData } from "../../provider/node/user-data";
import type { ClusterIdentityOutputs } from "../../schema/generated/types";
import type { Size } from "./critical-path";

const name = "serial";
const token = "abcdef.0123456789abcdef";
const tokenTtlSeconds = 24 * 3600;
/** How often it looks whether a node is Ready. */
const lookEveryMs = 1000;

export async function createOneByOne({ mold, kubernetes, clock, signal }: World, { controlPlanes, workers }: Size, identity: ClusterIdentityOutputs): Promise<void> {
  const tags = (role: string): { key: string; value: string }[] => [{ key: "cluster", value: name }, { key: "role", value: role }];
  const zone = (await mold.list("listZones", { name: "zone-1" }))[0]!;
  const networkOffering = (await mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" }))[0]!;
  const offering = (await mold.list("listServiceOfferings", { name: "k8s-2c-4g" }))[0]!;
  const template = (await mold.list("listTemplates", { name: "debian-13-containerd", templatefilter: "executable" }))[0]!;
  const version = (await mold.list("listKubernetesSupportedVersions", {})).find(({ semanticversion }) => semanticversion === "1.35.4")!;

  const network = await mold.call("createNetwork", { name, displaytext: name, networkofferingid: networkOffering.id!, zoneid: zone.id! });
  const address = await mold.run("associateIpAddress", { networkid: network.id! });
  const group = await mold.run("createAffinityGroup", { name, type: "non-strict host anti-affinity" });
  const rule = await mold.run("createLoadBalancerRule", {
    publicipid: address.id!,
    networkid: network.id!,
    name: `${name}-api`,
    algorithm: "roundrobin",
    publicport: 6443,
    privateport: 6443,
    protocol: "tcp",
    openfirewall: false,
  });
  await mold.run("createFirewallRule", { ipaddressid: address.id!, protocol: "tcp", startport: 6443, endport: 6443, cidrlist: ["0.0.0.0/0"] });

  const endpoint = `${address.ipaddress}:6443`;
  const api = kubernetes({ endpoint: `https://${endpoint}`, caCertificate: identity.caCertificate, clientCertificate: identity.adminCertificate, clientKey: identity.adminKey });
  const shared = {
    kubernetesVersion: "1.35.4",
    clusterUid: "serial000001",
    endpoint,
    token,
    joinTimeoutSeconds: tokenTtlSeconds,
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/12",
  };

  for (let index = 0; index < controlPlanes + workers; index++) {
    const controlPlane = index < controlPlanes;
    const nodeName = controlPlane ? `${name}-control-${index + 1}` : `${name}-worker-${index - controlPlanes + 1}`;
    const userData = controlPlane
      ? machineUserData({ ...shared, nodeName, role: "control-plane", action: index === 0 ? "init" : "join", tokenTtlSeconds, certificates: identity })
      : machineUserData({ ...shared, nodeName, role: "worker", action: "join", certificates: identity });
    const { id } = await mold.run("deployVirtualMachine", {
      zoneid: zone.id!,
      serviceofferingid: offering.id!,
      templateid: template.id!,
      networkids: [network.id!],
      name: nodeName,
      affinitygroupids: controlPlane ? [group.id!] : undefined,
      userdata: encodeUserData(userData),
    });
    await mold.run("createTags", { resourcetype: "UserVm", resourceids: [id!], tags: tags(controlPlane ? "control-plane" : "worker") });
    if (controlPlane) await mold.run("assignToLoadBalancerRule", { id: rule.id!, virtualmachineids: [id!] });
    await mold.run("attachIso", { id: version.isoid!, virtualmachineid: id! });
    while (!(await api.nodes().catch(() => [])).some((node) => node.name === nodeName && node.ready)) await clock.sleep(lookEveryMs, signal);
    if (!controlPlane) await api.labelNode(nodeName, { "node-role.kubernetes.io/worker": "" });
    await mold.run("detachIso", { virtualmachineid: id! });
    await mold.call("updateVirtualMachine", { id: id!, userdata: encodeUserData(scrubbedUserData()) });
  }
}
