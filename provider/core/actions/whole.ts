/** Whether a control plane does all of its part: its static pods are Ready, and it is a voting member of an etcd that somebody leads. */
import { isKubernetesFailure, type KubernetesPort } from "../ports";
import type { Patience } from "../waiting";

type Named = { readonly name: string };

/** While its kubelet is exchanged its node counts as Ready, and its API server and etcd are made anew for half a minute (measured). */
async function staticPodsMissing(kubernetes: KubernetesPort, { name }: Named): Promise<string | undefined> {
  const pods = (await kubernetes.podsOn(name)).filter(({ controller }) => controller === "Node");
  const waiting = pods.filter(({ ready }) => !ready);
  if (pods.length === 0) return `${name} has no static pods`;
  return waiting.length > 0 ? `${waiting.map((pod) => pod.name).join(", ")} not Ready` : undefined;
}

async function etcdMissing(kubernetes: KubernetesPort, { name }: Named): Promise<string | undefined> {
  const members = await kubernetes.etcdMembers(name);
  if (!members.some((member) => member.name === name && !member.isLearner)) return "it is no voting member of etcd";
  return members.some(({ isLeader }) => isLeader) ? undefined : "nobody leads etcd";
}

/** What it lacks, in words; undefined: nothing. */
async function missing(kubernetes: KubernetesPort, machine: Named): Promise<string | undefined> {
  try {
    return (await staticPodsMissing(kubernetes, machine)) ?? (await etcdMissing(kubernetes, machine));
  } catch (error) {
    // Its API server may be the one that was asked, and away for a moment.
    if (!isKubernetesFailure(error) || error.kind === "foreign" || error.kind === "forbidden") throw error;
    return error.message;
  }
}

interface Waiting {
  readonly least: number;
  readonly patience: Patience;
  /** Words the error. */
  readonly giveUp: (lacking: string, waited: string) => string;
}

/** Resolves once at least so many of these are whole. */
export async function awaitWhole(kubernetes: KubernetesPort, machines: readonly Named[], { least, patience, giveUp }: Waiting): Promise<void> {
  let lacking: string[] = [];
  await patience.until(
    async () => {
      const found = await Promise.all(machines.map((machine) => missing(kubernetes, machine)));
      lacking = found.flatMap((why) => why ?? []);
      return machines.length - lacking.length >= least ? true : undefined;
    },
    (waited) => giveUp(lacking.join("; "), waited),
  );
}
