/** Ends a cluster in Mold, in whatever state it is: Mold deletes none that something is still done to. */
import { isMoldFailure, type Answer, type CallContext, type World } from "../ports";
import { Patience } from "../waiting";

const deletable = new Set(["Running", "Stopped", "Alert", "Error"]);

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

export async function endCluster({ world, find, seconds, context, keep }: Ending): Promise<void> {
  let refusal: Error | undefined;
  let state = "";
  await new Patience(world.clock, world.signal, seconds * 1000).until(
    async () => {
      await keep?.();
      const record = await find();
      if (!record?.id) return true;
      state = record.state ?? "Unknown";
      if (!deletable.has(state)) return undefined;
      // What was refused twice in the same state is refused for good.
      const before = refusal;
      try {
        await world.mold.run("deleteKubernetesCluster", { id: record.id }, { ...context, timeoutMs: seconds * 1000 });
      } catch (error) {
        if (!isMoldFailure(error) || error.kind !== "refused" || before !== undefined) throw error;
        refusal = error;
      }
      return undefined;
    },
    (waited) => `${context.resource}: Mold has not deleted it after ${waited}, and shows it as ${state}. ${refusal ? `${refusal.message} ` : ""}Look at its events in Mold, then destroy again.`,
  );
}

