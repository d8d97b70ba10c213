/**
 * The plan of a cluster that isn't there yet, in words. At the preview of a create the engine asks a provider for nothing but a check,
 * and a provider can't tell a preview from the real run: so the program's side, which can, prints this.
 */
import type { CheckedClusterInputs, ClusterEndpointOutputs, ClusterIdentityOutputs } from "../../schema/generated/types";
import { checkInputs } from "../../schema/check";
import type { Management } from "../../schema/property";
import { seconds } from "../core/execute";
import type { ObservedCluster } from "../core/observe";
import { planCluster } from "../core/plan";
import { planBirth } from "../core/managed/plan";
import { planLines, summarise } from "../core/preview";
import { estimateGraph, graphOf } from "../core/step";
import { desiredCluster } from "./declaration";
import { desiredManaged } from "./mold-life";

const nothing: ObservedCluster = { at: 0, anchorTags: {}, account: "", domain: "", zoneName: "", networkName: "", created: "", machines: [], destroyed: [], followers: [], apiFirewall: [], intents: {}, records: [] };

/** @param declaration as the program gives it, all of it known. What is wrong with it is for the provider's check to say: no lines then */
export function createPlan(declaration: unknown): string[] {
  const { inputs, failures } = checkInputs("KubernetesCluster", declaration);
  if (failures.length > 0) return [];
  // Neither is made yet: what titles say of them has to be words.
  const made = { identity: { uid: "" } as ClusterIdentityOutputs, endpoint: { publicIpAddress: "its public address", networkCidr: "its own network" } as ClusterEndpointOutputs };
  return planned[inputs.management]({ ...inputs, ...made } as CheckedClusterInputs);
}

const placeLine = ({ name, network }: CheckedClusterInputs): string => `${network === undefined ? `create a network for ${name}` : `take the network ${network}`}, and acquire a public address`;

/** What is planned for one that is not there yet, by who is to run it. */
const planned: Readonly<Record<Management, (inputs: CheckedClusterInputs) => string[]>> = {
  core(inputs) {
    if (inputs.adopt) return [`take over the cluster ${inputs.name} that another program has declared: mark its network, its address, its machines and its API's rules, and change nothing else of it`];
    const graph = graphOf(planCluster({ desired: desiredCluster(inputs), observed: nothing, owner: "" }).steps);
    return [`make the keys and certificates of ${inputs.name}`, placeLine(inputs), ...summarise(graph), ...withoutAddons(inputs.addons), `about ${seconds(estimateGraph(graph) * 1000)} in all`];
  },
  mold(inputs) {
    if (inputs.adopt) return [`take over the cluster ${inputs.name} that Mold runs: mark its network and its machines, and change nothing of it`];
    const plan = planBirth(desiredManaged(inputs));
    return [placeLine(inputs), ...planLines(plan), ...(inputs.failedCreate === "remove" ? ["should that fail, what was made of the cluster is deleted again"] : [])];
  },
};

const addons = {
  cloudController: "no cloud controller (services of type LoadBalancer get no address)",
  csi: "no storage driver (volumes have to come from elsewhere)",
} as const;

/** What is off is said, so that nobody looks for it later. */
const withoutAddons = (declared: CheckedClusterInputs["addons"]): string[] =>
  Object.entries(addons).flatMap(([name, text]) => (declared[name as keyof typeof addons] ? [] : [`leave out: ${text}`]));
