/** What is declared of autoscaling, with names looked up. */
import type { CheckedLoadBalancerInputs } from "../../schema/generated/types";
import { ClusterError } from "../core/errors";
import { nearestNames } from "../core/nearest-names";
import type { World } from "../core/ports";
import type { DesiredAutoscale, ScaleCondition, ScalePolicy } from "../core/rules/autoscale-seen";
import { balancerCapability } from "../core/rules/balancer-capability";
import type { RuleAddress } from "../core/rules/place";
import { catalogueOf } from "./catalogues";
import type { Declared } from "./handler";

type Inputs = CheckedLoadBalancerInputs & Declared;
type Declaration = NonNullable<Inputs["autoscale"]>;

/** @throws ClusterError that names the property whose name nobody knows */
export async function desiredAutoscale(world: World, { autoscale, declaredBy }: Inputs, address: RuleAddress): Promise<DesiredAutoscale> {
  const { enabled, minMembers, maxMembers, interval, machines, scaleUpPolicies, scaleDownPolicies } = autoscale!;
  const resource = `LoadBalancer ${declaredBy.resource}`;
  const catalogue = catalogueOf(world);
  const about = async <T>(property: string, look: () => Promise<T>): Promise<T> => {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      throw new ClusterError(error.message, { resource, property, cause: error });
    }
  };
  const offering = await about("autoscale.machines.offering", () => catalogue.offering(machines.offering, "autoscale.machines.offering"));
  const template = await about("autoscale.machines.template", () => catalogue.template(machines.template, address.zoneId));
  if (machines.sshKeyPair !== undefined) await about("autoscale.machines.sshKeyPair", () => catalogue.sshKeyPair(machines.sshKeyPair!));
  const counters = await countersOf(world, address);
  return {
    enabled,
    min: minMembers,
    max: maxMembers,
    interval,
    profile: {
      zoneId: address.zoneId,
      offeringId: offering.id,
      templateId: template.id,
      graceSeconds: machines.expungeGracePeriod,
      deployParams: {
        ...(machines.rootDiskGb === undefined ? {} : { rootdisksize: String(machines.rootDiskGb) }),
        ...(machines.sshKeyPair === undefined ? {} : { keypairs: machines.sshKeyPair }),
      },
      ...(machines.userData === undefined ? {} : { userData: Buffer.from(machines.userData, "utf8").toString("base64") }),
    },
    up: scaleUpPolicies.map((each, at) => policy(each, counters, resource, `scaleUpPolicies[${at}]`)),
    down: scaleDownPolicies.map((each, at) => policy(each, counters, resource, `scaleDownPolicies[${at}]`)),
  };
}

interface Counter {
  readonly id: string;
  readonly names: readonly string[];
}

/** Those of the one that balances on the machines' network. */
async function countersOf(world: World, { networkId }: RuleAddress): Promise<Counter[]> {
  const { provider } = await balancerCapability(world, networkId);
  const counters = await world.mold.list("listCounters", {});
  return counters.filter((each) => each.provider === provider).map(({ id = "", name = "", value = "" }) => ({ id, names: [id, value, name] }));
}

function policy({ conditions, duration, quietTime }: Declaration["scaleUpPolicies"][number], counters: readonly Counter[], resource: string, which: string): ScalePolicy {
  const found = conditions.map(({ counter, operator, threshold }, at): ScaleCondition => {
    const known = counters.find(({ names }) => names.includes(counter));
    if (!known) {
      const nearest = nearestNames(counter, counters.map(({ names }) => names[1]!)).join(", ");
      throw new ClusterError(`Mold has no counter ${counter} for this network's balancer. Nearest: ${nearest || "none"}.`, { resource, property: `autoscale.${which}.conditions[${at}].counter` });
    }
    return { counterId: known.id, operator, threshold };
  });
  return { conditions: found, duration, quietTime };
}
