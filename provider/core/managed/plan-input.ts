/** What a plan for one of Mold's clusters is made of. */
import type { KubernetesVersion } from "../catalogue";
import type { DesiredManaged } from "./desired";
import type { ObservedManaged } from "./observe";
import type { FormerManaged, Offerings } from "./problems";

export interface ManagedPlanInput {
  readonly desired: DesiredManaged;
  readonly observed: ObservedManaged;
  readonly owner: string;
  /** Undefined: nothing was declared before. */
  readonly former?: FormerManaged;
  /** This is a create. */
  readonly birth: boolean;
  /** It takes over what is there, and changes nothing of it. */
  readonly adopts?: boolean;
  readonly versions: readonly KubernetesVersion[];
  readonly offerings: Offerings;
}
