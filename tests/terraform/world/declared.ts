/** What is declared, as Terraform's core hands it to a provider. */
import type { ObjectValue } from "../../../provider/adapters/terraform/value";
import { outputsTo } from "../../../provider/adapters/terraform/declared-values";
import { unknown } from "../../../provider/handlers/handler";
import { identityOutputs } from "../../../schema/cluster-identity";
import type { Management } from "../../../schema/property";
import { managedIdentity } from "../../core/managed/managed";
import { sharedIdentity } from "../../core/world/cluster";
import type { Declared, State } from "./core";

export const clusterAddress = "ablestack_kubernetes_cluster.prod";
export const identityAddress = "ablestack_cluster_identity.prod";

export const identity: Declared = { type: "ablestack_cluster_identity", name: "prod", values: () => ({ name: "prod", zone: "zone-1" }) };

export interface ClusterShape {
  readonly controlPlanes?: number;
  readonly workers?: number;
  readonly [attribute: string]: unknown;
}

export const cluster = ({ controlPlanes = 1, workers = 1, ...more }: ClusterShape = {}): Declared => ({
  type: "ablestack_kubernetes_cluster",
  name: "prod",
  values: (others) => ({
    name: "prod",
    zone: "zone-1",
    version: "1.35",
    template: "debian-13-containerd",
    control_plane: { count: controlPlanes, offering: "k8s-2c-4g" },
    workers: { count: workers, offering: "k8s-2c-4g" },
    identity: identityOf(others(identityAddress)),
    ...more,
  }),
});

const identityOf = (made: ObjectValue | undefined): unknown =>
  made === undefined ? unknown : Object.fromEntries(Object.keys(outputsTo(identityOutputs, {})).map((name) => [name, made[name]]));

const uidOf = (made: ObjectValue | undefined): unknown => made?.uid ?? unknown;

export const balancer = (more: Readonly<Record<string, unknown>> = {}, name = "https"): Declared => ({
  type: "ablestack_load_balancer",
  name,
  values: (others) => ({ name, cluster: uidOf(others(clusterAddress)), public_port: 443, private_port: 30_443, members: { role: "worker" }, ...more }),
});

export const firewall = (more: Readonly<Record<string, unknown>> = {}, name = "https"): Declared => ({
  type: "ablestack_network_rule",
  name,
  values: (others) => ({ name, cluster: uidOf(others(clusterAddress)), kind: "firewall", protocol: "tcp", start_port: 443, ...more }),
});

/** The state in which the identity is there already: keys take a second to make, and would be others each time. */
export async function stateWithIdentity(owner = "terraform:sweep", management: Management = "core"): Promise<State> {
  const made = management === "core" ? await sharedIdentity() : managedIdentity;
  const value = { ...outputsTo(identityOutputs, { ...made }), id: made.uid, owner, name: "prod", zone: "zone-1", management, adopt: false, network: null, connection_name: null };
  return new Map([[identityAddress, { type: identity.type, value }]]);
}
