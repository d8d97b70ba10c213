/** Ends a cluster in Mold, in whatever state it is: Mold deletes none that something is still done to. */
import { ClusterError } from "../errors";
import { isMoldFailure, type Answer, type CallContext, type World } from "../ports";
import { Patience } from "../waiting";

const deletable = new Set(["Running", "Stopped", "Alert", "Error"]);
const givesNodesBack = new Set(["Running", "Alert"]);

/**
 * Whether a job of Mold's may still be at work on a cluster: where none is, a state that passes by itself otherwise does not pass any more. Its management
 * server was restarted, and the job with it is gone. Which cluster a job is about Mold tells lately alone; and where it tells nothing, one may be.
 */
export async function mayBeAtWork({ mold }: World, context: CallContext): Promise<boolean> {
  try {
    const jobs = await mold.list("listAsyncJobs", { listall: true }, context);
    return jobs.some(({ cmd = "", jobstatus }) => Number(jobstatus) === 0 && /KubernetesClusterCmd$/.test(cmd));
  } catch (error) {
    if (isMoldFailure(error)) return true;
    throw error;
  }
}

/** What Mold itself does nothing more about. */
export const hasFailed = ({ state }: { readonly state?: string }): boolean => state === "Error" || state === "Alert";

export interface Ending {
  readonly world: World;
  /** Its record at this moment. */
  readonly find: () => Promise<Answer<"listKubernetesClusters"> | undefined>;
  /** The longest that it may take. */
  readonly seconds: number;
  readonly context: CallContext & { readonly resource: string };
  /** Called while it is waited for. */
  readonly keep?: () => Promise<void>;
}

type Found = Answer<"listKubernetesClusters"> & { readonly id: string };
type Member = { readonly id?: string; readonly name?: string; readonly isexternalnode?: boolean };

/**
 * Machines of others, which are nodes of it: Mold destroys and expunges all machines of a cluster on a network that it has not made for it, whoever's
 * they are (upstream: KubernetesClusterDestroyWorker.destroyClusterVMs). @returns whether there were any
 */
async function giveBack({ world, seconds, context }: Ending, { id, state = "Unknown", virtualmachines = [] }: Found): Promise<boolean> {
  const theirs = (virtualmachines as Member[]).filter((member) => member.isexternalnode === true);
  if (theirs.length === 0) return false;
  const names = theirs.map(({ id: machineId = "?", name = machineId }) => name).join(", ");
  const kept = (why: string, next: string): string => `${names} ${theirs.length === 1 ? "is a node of it and no machine" : "are nodes of it and no machines"} of Mold's, which would destroy ${theirs.length === 1 ? "it" : "them"} with the cluster, and ${why} ${next}, then destroy again.`;
  if (!givesNodesBack.has(state)) throw new ClusterError(kept(`Mold takes nodes out of a cluster that runs, and it is ${state}.`, "Start it"), context);
  world.log.info(`${context.resource}: take ${names} out of it …`);
  try {
    await world.mold.run("removeNodesFromKubernetesCluster", { id, nodeids: theirs.flatMap((member) => member.id ?? []) }, { ...context, timeoutMs: seconds * 1000 });
  } catch (error) {
    if (!isMoldFailure(error) || error.kind !== "refused") throw error;
    throw new ClusterError(kept(`it could not be taken out: ${error.message}`, "Mend that, or take it out in Mold"), { ...context, cause: error });
  }
  return true;
}

export async function endCluster(ending: Ending): Promise<void> {
  const { world, find, seconds, context, keep } = ending;
  let refusal: Error | undefined;
  let state = "";
  const since = world.clock.now();
  /** A start that nobody goes on with can be stopped, and a delete be asked for again; all else can only be waited for. */
  const endsLeft = async (): Promise<boolean> => (state === "Starting" || state === "Destroying") && world.clock.now() - since >= seconds * 500 && !(await mayBeAtWork(world, context));
  await new Patience(world.clock, world.signal, seconds * 1000).until(
    async () => {
      await keep?.();
      const record = await find();
      if (!record?.id) return true;
      state = record.state ?? "Unknown";
      const isReady = deletable.has(state) || (await endsLeft());
      if (!isReady || (await giveBack(ending, { ...record, id: record.id }))) return undefined;
      // What was refused twice in the same state is refused for good.
      const before = refusal;
      try {
        await world.mold.run(state === "Starting" ? "stopKubernetesCluster" : "deleteKubernetesCluster", { id: record.id }, { ...context, timeoutMs: seconds * 1000 });
      } catch (error) {
        if (!isMoldFailure(error) || error.kind !== "refused" || before !== undefined) throw error;
        refusal = error;
      }
      return undefined;
    },
    (waited) => `${context.resource}: Mold has not deleted it after ${waited}, and shows it as ${state}. ${refusal ? `${refusal.message} ` : ""}Look at its events in Mold, then destroy again.`,
  );
}

