/** Deleting what a cluster owns: its machines and rules, later its place. Everything of its own goes, nothing else does. */
import { Operation } from "./actions/operation";
import { sayUnseen, staysWithOthers } from "./adoption";
import type { Catalogue } from "./catalogue";
import { carryOut, refuse } from "./cluster";
import { anchorOf, type ClusterSubject } from "./desired";
import { ClusterError } from "./errors";
import { withLock } from "./lock";
import { observeCluster, type ObservedCluster } from "./observe";
import { tagKeys } from "./ownership";
import { planDelete } from "./plan-delete";
import type { ClusterAccess, World } from "./ports";
import { rehearse, sayLosses } from "./rehearsal";
import { summary } from "./wording";

export interface DeleteOptions {
  /** The life that is to end. Undefined: whichever there is. */
  readonly generation?: string;
  /** The longest that any one wait may take. */
  readonly waitSeconds: number;
  /** To ask the cluster itself, once and not for long, what else would be lost. */
  readonly access?: ClusterAccess;
}

/** Removes the machines, the API's rules and the anti-affinity group, and sees that they are gone. */
export async function deleteMachines(world: World, catalogue: Catalogue, subject: ClusterSubject, options: DeleteOptions): Promise<void> {
  const resource = `KubernetesCluster ${subject.name}`;
  const observe = (): Promise<ObservedCluster> => observeCluster(world, { ...subject, withAffinity: true });
  const isOver = ({ anchorTags }: ObservedCluster): boolean => {
    const now = anchorTags?.[tagKeys.generation];
    if (options.generation === undefined || now === undefined || now === options.generation) return false;
    world.log.warn(`${resource}: life ${options.generation} is over; the cluster there now is of life ${now} and is left alone`);
    return true;
  };
  const before = await observe();
  if (!before.anchorTags) return sayUnseen(world, resource);
  if (isOver(before)) return;
  if (staysWithOthers(world, resource, [before.anchorTags])) return;
  await withLock(world, anchorOf(subject.place), resource, async (lease) => {
    for (let round = 1; ; round++) {
      const observed = await observe();
      // Another life may have begun while the lock was waited for, or somebody has taken it over.
      if (isOver(observed) || staysWithOthers(world, resource, [observed.anchorTags ?? {}])) return;
      const { blocks, ...rehearsal } = await rehearse(world, subject, observed, round === 1 ? options.access : undefined);
      sayLosses(world, resource, rehearsal);
      const { steps, problems } = planDelete({ subject, observed, blocks });
      refuse(resource, problems);
      if (steps.length === 0) return;
      if (round > 3) throw new ClusterError(`not all of it is gone after three rounds. Left: ${summary(steps.map(({ title }) => title))}. Run again.`, { resource });
      await carryOut(new Operation(world, subject, observed, catalogue, options.waitSeconds), steps, lease);
    }
  });
}
