/** Figures of calls: what create, a look that finds nothing to do, and delete ask of Mold and of the cluster, and how that grows. */
import { counted, perMachine } from "./fit";
import { figure, type Figure } from "./figures";
import { lifeOf, sizes, type Life, type Part } from "./life";

/** Asking whether a job is done: the client's own traffic, whatever is asked for. */
const polls = new Set(["queryAsyncJobResult", "listAsyncJobs"]);

export const changing = ({ mold }: Part): number => mold.filter((call) => call.changing).length;
export const reading = ({ mold }: Part): number => mold.filter((call) => !call.changing && !polls.has(call.command)).length;
export const jobPolls = ({ mold }: Part): number => mold.filter(({ command }) => polls.has(command)).length;
export const ofCluster = ({ kubernetes }: Part): number => kubernetes.length;

const machinesOf = sizes.map(({ controlPlanes, workers }) => controlPlanes + workers);

export async function callFigures(): Promise<Figure[]> {
  const lives: Life[] = [];
  for (const size of sizes) lives.push(await lifeOf(size));
  /** How many calls each machine more costs; `atMost` of them. */
  const slope = (part: keyof Life, kind: string, count: (part: Part) => number, atMost: number): Figure =>
    perMachine(`${part}: ${kind} per machine`, machinesOf, lives.map((life) => count(life[part])), atMost);
  /** By how much they grew from the smallest to the largest, as a share of how much the machines did: below 1 is less than linearly. */
  const growth = (part: keyof Life, kind: string, count: (part: Part) => number): Figure => {
    const counts = lives.map((life) => count(life[part]));
    const share = (values: readonly number[]): number => values.at(-1)! / values[0]!;
    return figure(`${part}: growth of ${kind} / growth of machines`, share(counts) / share(machinesOf), "ratio", { atMost: 1 }, counted(machinesOf, counts));
  };
  return [
    // Deploy, attach, detach, user data: four. The rest is tags, several machines in one call.
    slope("create", "changing calls", changing, 5),
    // A node that is long to come has its machine looked at meanwhile: of the largest cluster two control planes.
    slope("create", "reading calls", reading, 0.05),
    growth("create", "job polls", jobPolls),
    // A worker is labelled by one; all others look, for as long as it takes.
    growth("create", "Kubernetes calls", ofCluster),
    slope("diff", "calls", ({ mold, kubernetes }) => mold.length + kubernetes.length, 0),
    // A list each: machines by their mark and by their tag, networks, addresses, balancers, their members, firewall rules, affinity groups, and the records of Mold's own screens.
    figure("diff: Mold calls", Math.max(...lives.map(({ diff }) => diff.mold.length)), "calls", { atMost: 9 }),
    // One list of the nodes, so that what became of them is seen.
    figure("diff: Kubernetes calls", Math.max(...lives.map(({ diff }) => diff.kubernetes.length)), "calls", { atMost: 1 }),
    figure("diff: changing calls", Math.max(...lives.map(({ diff }) => changing(diff))), "calls", { atMost: 0 }),
    // Destroy, with expunge where the account may: one. The rest renews the lock.
    slope("delete", "changing calls", changing, 1.1),
    slope("delete", "reading calls", reading, 0),
    growth("delete", "job polls", jobPolls),
  ];
}
