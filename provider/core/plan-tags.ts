/** Tags of machines: whose they are, and the user's own. Pure. */
import type { ObservedMachine } from "./observe";
import { ownershipTags, type Tags } from "./ownership";
import type { PlanInput } from "./plan-input";
import type { MachineRef } from "./step";
import { refOf, type Steps } from "./steps";
import { successionTags } from "./succession";

/** Ownership tags where they are missing yet, and the user's own tags as declared. `places`: whose place the new ones take, by name: from their first tag on no death of a run loses that. */
export function planMachineTags(steps: Steps, { desired, observed, owner, former }: PlanInput, machines: readonly { ref: MachineRef; seen?: ObservedMachine }[], places?: ReadonlyMap<string, string>): void {
  const formerTags = former?.tags ?? {};
  for (const { ref, seen } of machines) {
    const wanted: Tags = { ...ownershipTags(desired.uid, owner, ref.role), ...desired.tags, ...successionTags(observed, ref, places?.get(ref.name)) };
    const have = seen?.tags ?? {};
    const stale = Object.fromEntries(
      Object.entries(have).filter(([key, value]) => (key in desired.tags ? desired.tags[key] !== value : key in formerTags && !(key in wanted))),
    );
    const missing = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => have[key] !== value && (!(key in have) || key in stale)));
    const untag = seen && Object.keys(stale).length > 0 ? steps.add({ kind: "untagMachine", machine: refOf(seen), tags: stale }, `remove tags from ${ref.name}`) : undefined;
    if (Object.keys(missing).length === 0) continue;
    // A machine that joins is tagged once more when it has: this is the other one.
    steps.add({ kind: "tagMachine", machine: ref, tags: missing }, `tag ${ref.name}`, [untag, seen ? undefined : `deployMachine ${ref.name}`], { about: `${ref.name} as ours` });
  }
}
