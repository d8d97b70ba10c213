/** What a network's balancer can do: asked before anything is made that it would refuse afterwards. */
import { ClusterError } from "../errors";
import { goneAsEmpty } from "../gone";
import { nearestNames } from "../nearest-names";
import type { World } from "../ports";

export interface BalancerCapability {
  /** The network's name. */
  readonly network: string;
  /** Stickiness methods, each with the names of its parameters. */
  readonly stickiness: ReadonlyMap<string, readonly string[]>;
  readonly healthChecks: boolean;
  readonly autoscaling: boolean;
  /** Who balances there: `VirtualRouter`. Counters are its own. */
  readonly provider: string;
}

interface Service {
  readonly name?: string;
  readonly provider?: readonly { readonly name?: string }[];
  readonly capability?: readonly { readonly name?: string; readonly value?: string }[];
}

export async function balancerCapability({ mold }: World, networkId: string): Promise<BalancerCapability> {
  const [network] = await mold.list("listNetworks", { id: networkId }).catch(goneAsEmpty);
  const services = (network?.service ?? []) as readonly Service[];
  const balancing = services.find(({ name }) => name === "Lb");
  const capabilities = balancing?.capability ?? [];
  const valueOf = (wanted: string): string | undefined => capabilities.find(({ name }) => name === wanted)?.value;
  return { network: network?.name ?? networkId, stickiness: methodsOf(valueOf("SupportedStickinessMethods")), healthChecks: valueOf("HealthCheckPolicy") === "true", autoscaling: valueOf("VmAutoScaling") === "true", provider: balancing?.provider?.[0]?.name ?? "" };
}

/** Mold gives them as a text that holds JSON. */
function methodsOf(text = "[]"): Map<string, string[]> {
  const methods = JSON.parse(text) as { methodname?: string; paramlist?: { paramname?: string }[] }[];
  return new Map(methods.map(({ methodname = "", paramlist = [] }) => [methodname, paramlist.map(({ paramname = "" }) => paramname)]));
}

export interface Stickiness {
  readonly method: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** @throws ClusterError that names the property and what there is instead */
export function refuseIncapable(capability: BalancerCapability, wanted: { readonly stickiness?: Stickiness; readonly healthCheck?: object; readonly autoscale?: object }, resource: string): void {
  const { stickiness } = wanted;
  const its = `the balancer of the network ${capability.network}`;
  if (stickiness) {
    const known = capability.stickiness.get(stickiness.method);
    if (!known) throw new ClusterError(`${its} knows no stickiness by ${stickiness.method}. It has ${[...capability.stickiness.keys()].join(", ") || "none"}.`, { resource, property: "stickiness.method" });
    const unknown = Object.keys(stickiness.parameters).find((name) => !known.includes(name));
    if (unknown !== undefined) throw new ClusterError(`${its} takes no ${unknown} with stickiness by ${stickiness.method}. Nearest: ${nearestNames(unknown, known).join(", ")}.`, { resource, property: `stickiness.parameters.${unknown}` });
  }
  if (wanted.autoscale && !capability.autoscaling) throw new ClusterError(`${its} can't be autoscaled. Leave autoscale out, or use a network whose offering can.`, { resource, property: "autoscale" });
  if (wanted.healthCheck && !capability.healthChecks) {
    throw new ClusterError(`${its} asks no machines whether they are well. Leave healthCheck out (a machine whose node is not Ready is kept out by Kubernetes itself), or use a network whose offering has health checks.`, { resource, property: "healthCheck" });
  }
}
