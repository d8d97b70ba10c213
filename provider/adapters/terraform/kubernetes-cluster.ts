/**
 * A whole cluster as one resource: its place, its machines and the way into it, which are three resources in Pulumi. Its identity comes
 * in from a resource of its own, as `sdk/pulumi/kubernetes-cluster.ts` composes them there.
 */
import type { CheckedKubernetesClusterInputs, ClusterAccessOutputs, ClusterEndpointOutputs, ClusterIdentityOutputs, ClusterOutputs, KubernetesClusterOutputs } from "../../../schema/generated/types";
import { checkInputs } from "../../../schema/check";
import { accessOf as accessIn } from "../../core/desired";
import { ClusterError } from "../../core/errors";
import { findingLine, unseenLine } from "../../core/rehearse-delete";
import { planDeletion } from "../../core/rehearsal";
import { cluster, type ClusterInputs } from "../../handlers/cluster";
import { lives } from "../../handlers/cluster-life";
import { clusterAccess, type AccessInputs } from "../../handlers/cluster-access";
import { clusterEndpoint, type EndpointInputs } from "../../handlers/cluster-endpoint";
import { checkCluster } from "../../handlers/cluster-identity";
import { hasUnknown, isUnknown, PartialFailure, type CheckResult, type Declared, type Handler, type Session, type State } from "../../handlers/handler";
import { clientNow, identityText, kubeconfig } from "../../kubernetes/kubeconfig";

export type WholeInputs = CheckedKubernetesClusterInputs & Declared & { readonly identity: ClusterIdentityOutputs };
export type WholeOutputs = KubernetesClusterOutputs & Pick<ClusterEndpointOutputs, "networkOwned" | "networkCidr">;
type WholeState = State<WholeInputs, WholeOutputs>;

const endpointInputs = ({ identity, name, connection, zone, network, networkOffering, externalLoadBalancerIp, management, adopt, adoptId, timeouts, declaredBy }: WholeInputs): EndpointInputs => ({
  uid: identity.uid,
  name,
  connection,
  zone,
  network,
  networkOffering,
  externalLoadBalancerIp,
  management,
  adopt,
  adoptId,
  timeouts: { create: timeouts.create, delete: timeouts.delete },
  declaredBy,
});

const placeIn = ({ networkId, networkName, networkOwned, networkCidr, publicIpAddressId, publicIpAddress, zoneId, zoneName, endpoint }: WholeOutputs): ClusterEndpointOutputs => ({
  networkId,
  networkName,
  networkOwned,
  networkCidr,
  publicIpAddressId,
  publicIpAddress,
  zoneId,
  zoneName,
  endpoint,
});

/** The machines' part has no use for what is made for people. */
const machineInputs = ({ identity, ...inputs }: WholeInputs, endpoint: ClusterEndpointOutputs): ClusterInputs => {
  if (isUnknown(identity)) return { ...inputs, identity, endpoint };
  const { userCertificates: _certificates, userKey: _key, ...machines } = identity;
  return { ...inputs, identity: machines, endpoint };
};

const machineState = ({ inputs, outputs }: WholeState): State<ClusterInputs, ClusterOutputs> => ({ inputs: machineInputs(inputs, placeIn(outputs)), outputs });

const wayIn = ({ caCertificate, kubeconfig: text, kubeconfigExpires }: WholeOutputs): ClusterAccessOutputs => ({ caCertificate, kubeconfig: text, kubeconfigExpires });

/** How people get in: with the certificate whose turn it is, or by what Mold hands out. */
async function accessOf(session: Session, inputs: WholeInputs, endpoint: ClusterEndpointOutputs): Promise<ClusterAccessOutputs> {
  const { identity, name, connection, management, declaredBy } = inputs;
  if (management === "mold") {
    const asked: AccessInputs = { uid: identity.uid, name, connection, management, networkId: endpoint.networkId, networkOwned: endpoint.networkOwned, declaredBy };
    return (await clusterAccess.create(session, asked)).outputs;
  }
  const { expires, ...client } = clientNow(identity, session.world(connection, declaredBy).clock.now());
  return { caCertificate: identity.caCertificate, kubeconfig: kubeconfig({ name, endpoint: endpoint.endpoint, caCertificate: identity.caCertificate, ...client }), kubeconfigExpires: expires };
}

const whole = ({ identity }: WholeInputs, machines: ClusterOutputs, endpoint: ClusterEndpointOutputs, access: ClusterAccessOutputs): WholeOutputs => ({ ...machines, ...endpoint, ...access, exportedIdentity: identityText(identity) });

/** What only the network that a cluster got tells: whether its own networks are apart from it. */
async function refuseWrongPlace(session: Session, inputs: WholeInputs, endpoint: ClusterEndpointOutputs): Promise<void> {
  const { failures } = await cluster.check(session, undefined, machineInputs(inputs, endpoint));
  const [first] = failures;
  if (first) throw new ClusterError(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"), { resource: `KubernetesCluster ${inputs.name}`, property: first.property });
}

/** The life (`<uid>/<generation>`) of the cluster that is there now; undefined: there is none. */
const lifeNow = async (session: Session, machines: ClusterInputs): Promise<string | undefined> => (await lives[machines.management](session, machines, undefined, "looking").read())?.id;

/** Lives that creates of this process went on with. */
const continued = new WeakMap<Session, Set<string>>();

/**
 * With `create_before_destroy` a create comes before the destroy of what it is to replace, and goes on with that: of one identity there is one cluster.
 * Neither call is told so; but the destroy is then asked for the very life that this process' own create found.
 */
function refuseContinued(session: Session, { inputs, outputs }: WholeState): void {
  if (continued.get(session)?.has(outputs.clusterId) !== true) return;
  throw new ClusterError(
    "it was not replaced: create_before_destroy makes the new one first, and of one identity there is one cluster. What is there is as it was, and nothing of it was destroyed. Take create_before_destroy away, here and from whatever depends on this, then run `terraform apply -replace=ADDRESS`. Or replace its identity as well: that makes another cluster beside this one.",
    { resource: `KubernetesCluster ${inputs.name}` },
  );
}

export const kubernetesCluster: Handler<WholeInputs, WholeOutputs> = {
  async check(session, olds, news): Promise<CheckResult<WholeInputs>> {
    const { identity, ...declaration } = news;
    const { identity: _, ...former } = olds ?? { identity: undefined };
    const checked = await checkCluster(session, olds && (former as typeof declaration), declaration);
    return { ...checked, inputs: { ...checked.inputs, identity } };
  },

  async diff(session, _id, olds, news) {
    return cluster.diff(session, olds.outputs.clusterId, machineState(olds), machineInputs(news, placeIn(olds.outputs)));
  },

  async create(session, inputs) {
    const { outputs: endpoint } = await clusterEndpoint.create(session, endpointInputs(inputs));
    await refuseWrongPlace(session, inputs, endpoint);
    const machines = machineInputs(inputs, endpoint);
    const former = await lifeNow(session, machines);
    const { outputs } = await cluster.create(session, machines);
    if (former !== undefined) continued.set(session, (continued.get(session) ?? new Set()).add(former));
    return { id: inputs.identity.uid, outputs: whole(inputs, outputs, endpoint, await accessOf(session, inputs, endpoint)) };
  },

  async read(session, id, state) {
    const { inputs, outputs } = state;
    const [found, endpoint] = await Promise.all([
      cluster.read(session, outputs.clusterId, machineState(state)),
      clusterEndpoint.read(session, id, { inputs: endpointInputs(inputs), outputs: placeIn(outputs) }),
    ]);
    if (!found) return undefined;
    const place = endpoint?.outputs ?? placeIn(outputs);
    return { id, outputs: whole(inputs, found.outputs, place, inputs.management === "mold" ? wayIn(outputs) : await accessOf(session, inputs, place)) };
  },

  async update(session, _id, olds, news) {
    const place = placeIn(olds.outputs);
    await refuseWrongPlace(session, news, place);
    const keep = (machines: ClusterOutputs): WholeOutputs => whole(news, machines, place, wayIn(olds.outputs));
    try {
      return { outputs: keep((await cluster.update(session, olds.outputs.clusterId, machineState(olds), machineInputs(news, place))).outputs) };
    } catch (error) {
      throw error instanceof PartialFailure ? new PartialFailure(error.id, keep(error.outputs as ClusterOutputs), error.reasons, { cause: error }) : error;
    }
  },

  async delete(session, id, state) {
    refuseContinued(session, state);
    const { clusterId } = state.outputs;
    await cluster.delete(session, clusterId, machineState(state));
    // The cluster of another life has been left alone: this is its place now.
    if (((await lifeNow(session, machineState(state).inputs)) ?? clusterId) !== clusterId) return;
    await clusterEndpoint.delete(session, id, { inputs: endpointInputs(state.inputs), outputs: placeIn(state.outputs) });
  },
};

/** What a destroy would do, what would hold it up, and what would be lost with it. Changes nothing. */
export async function planOfDestroy(session: Session, state: WholeState): Promise<readonly string[]> {
  const { inputs, outputs } = state;
  // What Mold's own service runs, Mold destroys.
  if (inputs.management === "mold") return [];
  const { name, identity, declaredBy } = inputs;
  if (((await lifeNow(session, machineState(state).inputs)) ?? outputs.clusterId) !== outputs.clusterId) return ["forget it: the cluster there now is another life of it, and is left alone"];
  const world = session.world(inputs.connection, declaredBy);
  const { plan, blocks, losses, unseen } = await planDeletion(world, { uid: identity.uid, name, owner: declaredBy.owner }, accessIn(identity, placeIn(outputs)));
  return [
    ...blocks.map((each) => `it can't be destroyed while this is there: ${findingLine(each)}`),
    ...losses.map((each) => `lost with it, or left behind: ${findingLine(each)}`),
    ...(unseen === undefined ? [] : [unseenLine(unseen)]),
    ...plan,
  ];
}

/** Without a look at Mold: what is wrong with a declaration in itself. */
export function checkDeclaration(inputs: Readonly<Record<string, unknown>>): ReturnType<typeof checkInputs<"KubernetesCluster">> {
  const { identity, ...declaration } = inputs;
  const checked = checkInputs("KubernetesCluster", declaration);
  const isEmpty = !hasUnknown(identity) && (identity as Partial<ClusterIdentityOutputs> | undefined)?.caCertificate === "" && checked.inputs.management === "core";
  const failures = isEmpty ? [{ property: "identity", reason: 'is one for `management = "mold"`, which has no keys; give the `ablestack_cluster_identity` the same management as the cluster' }] : [];
  return { ...checked, inputs: { ...checked.inputs, identity } as typeof checked.inputs, failures: [...checked.failures, ...failures] };
}
