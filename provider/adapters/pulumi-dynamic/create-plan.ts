/**
 * The plan of a cluster that isn't there yet, in words. At the preview of a create the engine asks a provider for nothing but a check,
 * and a provider can't tell a preview from the real run: so the program's side, which can, prints this.
 */
import type { CheckedClusterInputs, ClusterEndpointOutputs, ClusterIdentityOutputs } from "../../../schema/generated/types";
import { checkInputs } from "../../../schema/check";
import { seconds } from "../../core/execute";
import type { ObservedCluster } from "../../core/observe";
import { planCluster } from "../../core/plan";
import { estimatePlan, type Step } from "../../core/step";
import { desiredCluster } from "../../handlers/declaration";

const nothing: ObservedCluster = { at: 0, anchorTags: {}, account: "", domain: "", zoneName: "", networkName: "", created: "", machines: [], destroyed: [], followers: [], apiFirewall: [], intents: {} };

/** @param declaration as the program gives it, all of it known. What is wrong with it is for the provider's check to say: no lines then */
export function createPlan(declaration: unknown): string[] {
  const { inputs, failures } = checkInputs("KubernetesCluster", declaration);
  if (failures.length > 0) return [];
  // Neither is made yet: what titles say of them has to be words.
  const made = { identity: { uid: "" } as ClusterIdentityOutputs, endpoint: { publicIpAddress: "its public address", networkCidr: "its own network" } as ClusterEndpointOutputs };
  const desired = desiredCluster({ ...inputs, ...made } as CheckedClusterInputs);
  const { steps } = planCluster({ desired, observed: nothing, owner: "" });
  const place = inputs.network === undefined ? `create a network for ${inputs.name}` : `take the network ${inputs.network}`;
  return [`make the keys and certificates of ${inputs.name}`, `${place}, and acquire a public address`, ...summarise(steps), ...withoutAddons(inputs.addons), `about ${seconds(estimatePlan(steps) * 1000)} in all`];
}

const addons = {
  cloudController: "no cloud controller (services of type LoadBalancer get no address)",
  csi: "no storage driver (volumes have to come from elsewhere)",
  metrics: "no metrics server (kubectl top and the pod autoscaler have nothing to go by)",
} as const;

/** What is off is said, so that nobody looks for it later. */
const withoutAddons = (declared: CheckedClusterInputs["addons"]): string[] =>
  Object.entries(addons).flatMap(([name, text]) => (declared[name as keyof typeof addons] ? [] : [`leave out: ${text}`]));

/** Steps that differ in their machine alone become one line; lines come in the order in which things can begin. */
export function summarise(steps: readonly Step[]): string[] {
  const depths = new Map<string, number>();
  const byId = new Map(steps.map((step) => [step.id, step]));
  const depthOf = (step: Step): number => {
    const known = depths.get(step.id);
    if (known !== undefined) return known;
    const depth = 1 + Math.max(-1, ...step.needs.flatMap((id) => byId.get(id) ?? []).map(depthOf));
    depths.set(step.id, depth);
    return depth;
  };
  const lines = new Map<string, { depth: number; step: Step; machines: string[] }>();
  for (const step of steps) {
    const machine = "machine" in step.work ? step.work.machine.name : undefined;
    const key = machine === undefined ? step.title : step.title.replaceAll(machine, "\0");
    const line = lines.get(key) ?? { depth: depthOf(step), step, machines: [] };
    line.depth = Math.min(line.depth, depthOf(step));
    if (machine !== undefined) line.machines.push(machine);
    lines.set(key, line);
  }
  return [...lines]
    .sort(([, a], [, b]) => a.depth - b.depth)
    .map(([key, { step, machines }]) => `${key.replaceAll("\0", ranges(machines))}${step.why === undefined ? "" : ` (${step.why})`}`);
}

/** `ha-worker-1`, `ha-worker-2`, `ha-worker-3` → `ha-worker-1…3`. */
function ranges(names: readonly string[]): string {
  const found: { stem: string; from: number; to: number }[] = [];
  for (const name of names) {
    const [, stem = name, number = ""] = /^(.*-)(\d+)$/.exec(name) ?? [];
    const last = found.at(-1);
    if (last?.stem === stem && last.to + 1 === Number(number)) last.to += 1;
    else found.push({ stem, from: Number(number), to: Number(number) });
  }
  return found.map(({ stem, from, to }) => (from === to ? `${stem}${from}` : `${stem}${from}…${to}`)).join(", ");
}
