/** A cluster as an engine would make it: identity, place, machines, in that order; and unmake it. */
import { cluster, type ClusterInputs } from "../../../provider/handlers/cluster";
import { clusterEndpoint, type EndpointInputs } from "../../../provider/handlers/cluster-endpoint";
import type { ClusterIdentityOutputs, ClusterOutputs } from "../../../schema/generated/types";
import type { ClusterEndpointOutputs } from "../../../schema/generated/types";
import { checkInputs } from "../../../schema/check";
import { createClusterCertificates } from "../../../provider/kubernetes/certificates";
import type { Run } from "./cloud";

export const owner = "pulumi:organization/project/stack";
export const declaredBy = { owner, resource: "prod" };

let identity: Promise<ClusterIdentityOutputs> | undefined;
/** Keys take a second to make: all tests share one cluster's. */
export const sharedIdentity = (): Promise<ClusterIdentityOutputs> =>
  (identity ??= createClusterCertificates({ uid: "k3x9abcdef01", now: Date.parse("2026-01-01T00:00:00Z") }).then((certificates) => ({ uid: "k3x9abcdef01", ...certificates })));

export interface Declaration {
  readonly controlPlanes?: number;
  readonly workers?: number;
  /** Of the two roles. */
  readonly offerings?: { readonly controlPlane?: string; readonly workers?: string };
  readonly [property: string]: unknown;
}

export function declaration({ controlPlanes = 3, workers = 3, offerings = {}, ...rest }: Declaration = {}): Record<string, unknown> {
  const small = "k8s-2c-4g";
  return {
    name: "prod",
    zone: "zone-1",
    version: "1.35",
    template: "debian-13-containerd",
    controlPlane: { count: controlPlanes, offering: offerings.controlPlane ?? small },
    workers: { count: workers, offering: offerings.workers ?? small },
    ...rest,
  };
}

/** What an engine's state holds after each part, so that a test can go on from a run that was killed. */
export interface Recorded {
  endpoint?: { id: string; outputs: ClusterEndpointOutputs };
  cluster?: { id: string; outputs: ClusterOutputs };
}

export async function endpointInputs(declared: Record<string, unknown>): Promise<EndpointInputs> {
  const { inputs, failures } = checkInputs("KubernetesCluster", declared);
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  const { name, zone, network, networkOffering, externalLoadBalancerIp, management, adopt, adoptId, timeouts } = inputs;
  return { uid: (await sharedIdentity()).uid, name, zone, network, networkOffering, externalLoadBalancerIp, management, adopt, adoptId, timeouts, declaredBy };
}

export async function clusterInputs(declared: Record<string, unknown>, endpoint: ClusterEndpointOutputs): Promise<ClusterInputs> {
  const { inputs, failures } = checkInputs("Cluster", { ...declared, identity: await sharedIdentity(), endpoint });
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  return { ...inputs, declaredBy };
}

/** Creates what the engine has no record of. */
export async function create(run: Run, recorded: Recorded, declared: Record<string, unknown>): Promise<Required<Recorded>> {
  const record = async <Part extends keyof Recorded>(part: Part, making: Promise<NonNullable<Recorded[Part]>>): Promise<NonNullable<Recorded[Part]>> => {
    const made = await making;
    // What a process that died in between found out, no engine ever hears.
    run.throwIfKilled();
    recorded[part] = made;
    return made;
  };
  const endpoint = recorded.endpoint ?? (await record("endpoint", clusterEndpoint.create(run.session, await endpointInputs(declared))));
  const made = recorded.cluster ?? (await record("cluster", cluster.create(run.session, await clusterInputs(declared, endpoint.outputs))));
  return { endpoint, cluster: made };
}

/** Deletes in reverse, forgetting each part when it is gone. */
export async function destroy(run: Run, recorded: Recorded, declared: Record<string, unknown>): Promise<void> {
  if (recorded.cluster && recorded.endpoint) {
    await cluster.delete(run.session, recorded.cluster.id, { inputs: await clusterInputs(declared, recorded.endpoint.outputs), outputs: recorded.cluster.outputs });
    run.throwIfKilled();
    delete recorded.cluster;
  }
  if (recorded.endpoint) {
    await clusterEndpoint.delete(run.session, recorded.endpoint.id, { inputs: await endpointInputs(declared), outputs: recorded.endpoint.outputs });
    run.throwIfKilled();
    delete recorded.endpoint;
  }
}
