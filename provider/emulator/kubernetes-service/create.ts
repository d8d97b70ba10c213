/** Creating a cluster (upstream: KubernetesClusterStartWorker.startKubernetesClusterOnCreate): its record, network, machines one after another, rules, ISO, and the wait for its API. */
import type { Call } from "../call";
import type { Begun } from "../command";
import { internal } from "../errors";
import { withinLimits } from "../limits";
import type { NetworkRow } from "../model";
import { implement } from "../power";
import { certificateHash } from "../simulated/certificates";
import { adminKubeconfig, newAuthority } from "./authority";
import { answersApi, areReady, attachVersion, makingParts, setManaged, takeIsosOut } from "./bring-up";
import { checkCreate } from "./checks";
import { managedOf, networkOf } from "./machines";
import type { Parts, ServiceWork } from "./parts";
import { applyRules, endpointOf } from "./rules";

const OFFERING = "DefaultNetworkOfferingforKubernetesService";

function newNetwork(call: Call, name: string, zoneId: string): NetworkRow {
  const { cloud } = call;
  withinLimits(call, { network: 1 });
  const offering = cloud.table("networkOfferings").find((one) => one.name === OFFERING);
  if (offering === undefined) throw internal(`Unable to create network for the Kubernetes cluster: ${name}`);
  const { id, number } = cloud.identity("networks");
  return cloud.table("networks").put({
    id, number, ...call.owner, name: `${name}-network`, displayText: `${call.caller.account.name}-network`, zoneId, networkOfferingId: offering.id, state: "Allocated",
    cidr: "10.1.1.0/24", gateway: "10.1.1.1", netmask: "255.255.255.0", domain: `cs${number}.internal`,
  });
}

export function beginCreate(call: Call): Begun {
  const { cloud } = call;
  const wanted = checkCreate(call);
  const zone = call.must("zones", "zoneid");
  const { size, controlNodes, offering } = wanted;
  withinLimits(call, { user_vm: size + controlNodes, cpu: (wanted.workerOffering ?? offering).cpus * size + (wanted.controlOffering ?? offering).cpus * controlNodes });
  const template = cloud.table("templates").find(({ type }) => type === "SYSTEM");
  if (template === undefined) throw internal("The template for Kubernetes clusters is missing");
  const network = wanted.network ?? newNetwork(call, call.need("name"), zone.id);
  const authority = newAuthority(cloud.now());
  const kept = ["externalloadbalanceripaddress", "dockerregistryurl", "dockerregistryusername", "dockerregistrypassword"].flatMap((key) => (call.text(key) === undefined ? [] : [[key, call.need(key)] as const]));
  const row = cloud.table("clusters").put({
    ...cloud.identity("clusters"),
    ...call.owner,
    name: call.need("name"),
    description: call.text("description"),
    zoneId: zone.id,
    networkId: network.id,
    versionId: wanted.version.id,
    machines: [],
    state: "Created",
    managed: {
      controlNodes, size, offeringId: offering.id, controlOfferingId: wanted.controlOffering?.id, workerOfferingId: wanted.workerOffering?.id,
      templateId: template.id, rootDiskGb: call.whole("noderootdisksize"), keyPair: call.text("keypair"), csi: call.flag("enablecsi"), endpoint: "",
      details: { ...Object.fromEntries(kept), ...authority, caHash: certificateHash(authority.caCertificate), networkCleanup: String(wanted.network === undefined) },
    },
  });
  return { id: row.id, instanceType: "KubernetesCluster", ms: cloud.durations.cluster, made: { clusterId: row.id } };
}

const failure = "createFailed";

/** What the service has fetched from the first control node. */
export function fetchKubeconfig(parts: Parts): void {
  const { cloud, cluster } = parts;
  const { details, endpoint } = managedOf(cluster);
  if (details.kubeConfigData !== undefined) return;
  const authority = { caCertificate: details.caCertificate ?? "", caKey: details.caKey ?? "" };
  setManaged(parts, { details: { ...details, kubeConfigData: adminKubeconfig(authority, endpoint.replace(/\/$/, ""), cloud.now()) } });
}

export const createWork: ServiceWork = {
  while: ["Starting"],
  failure,
  parts: {
    "": (parts) => {
      const { cloud } = parts;
      parts.transit("start");
      const network = networkOf(cloud, parts.cluster);
      if (network === undefined) return parts.fail(`Failed to start Kubernetes cluster : ${parts.cluster.name} as its network cannot be started`, failure);
      implement(cloud, network);
      return parts.next("make", cloud.durations.serviceMachine, { at: "0" });
    },
    ...makingParts({
      roleAt: ({ cluster }, at) => (at < managedOf(cluster).controlNodes ? "control" : at < managedOf(cluster).controlNodes + managedOf(cluster).size ? "node" : undefined),
      then: "rules",
      failure,
    }),
    rules(parts) {
      if (!applyRules(parts.cloud, parts.cluster)) return parts.fail(`Failed to provision firewall rules for the Kubernetes cluster : ${parts.cluster.name}`, failure);
      attachVersion(parts);
      return parts.next("api", parts.cloud.durations.servicePoll);
    },
    api(parts) {
      const { cloud, cluster } = parts;
      const { servicePoll } = cloud.durations;
      if (!answersApi(parts)) {
        if (!parts.isLate(cloud.settings.kubernetesStartTimeout)) return parts.again(servicePoll);
        takeIsosOut(parts);
        return parts.fail(`Failed to setup Kubernetes cluster : ${cluster.name} in usable state as unable to provision API endpoint for the cluster`, failure);
      }
      const network = networkOf(cloud, cluster);
      setManaged(parts, { endpoint: `https://${(network && endpointOf(cloud, cluster, network)) ?? ""}:6443/` });
      return parts.next("ready", 0);
    },
    ready(parts) {
      const { cloud, cluster } = parts;
      if (areReady(parts)) {
        takeIsosOut(parts);
        fetchKubeconfig(parts);
        parts.transit("succeeded");
        return undefined;
      }
      if (!parts.isLate(cloud.settings.kubernetesStartTimeout)) return parts.again(cloud.durations.servicePoll);
      takeIsosOut(parts);
      return parts.fail(`Failed to setup Kubernetes cluster : ${cluster.name} as it does not have desired number of nodes in ready state`, failure);
    },
  },
  finish: () => ({}),
};
