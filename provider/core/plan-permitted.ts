/** A plan of what this account may do. */
import type { Catalogue } from "./catalogue";
import { planCluster } from "./plan";
import type { Plan, PlanInput } from "./plan-input";
import { recordCommands } from "./plan-registration";

/** Where it may not write the cluster's record in Mold, that is left out: an entry in Mold's screens is nothing to fail for. Asked only where there is something to write. */
export async function planPermitted(catalogue: Pick<Catalogue, "withheld">, input: PlanInput): Promise<Plan> {
  const plan = planCluster(input);
  const needed = recordCommands(plan.steps);
  const withheld = needed.length > 0 ? await catalogue.withheld(needed) : [];
  return withheld.length > 0 ? planCluster({ ...input, withheld }) : plan;
}
