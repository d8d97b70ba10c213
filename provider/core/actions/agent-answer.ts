/** What a node's agent was told by an annotation, and answers in another: the order itself once it is done, `<order> failed: <why>` or `<order> refused: <why>`. */
import type { ClusterError } from "../errors";
import type { Tags } from "../ownership";
import type { MachineRef } from "../step";
import { whatBecameOf } from "./machines";
import type { Operation } from "./operation";

/** An agent that can't do it tries again each minute or so: what was on its way is there by then. */
const failingMs = 180_000;

/** What an agent's answer says behind those words, if it begins with them. */
export const behind = (words: string, answer: string | undefined): string | undefined => (answer?.startsWith(words) ? answer.slice(words.length).trim() : undefined);

interface Told {
  readonly order: string;
  /** The annotation of the answer. */
  readonly answerIn: string;
  /** Nothing is to be waited for any more. */
  readonly isMoot?: (annotations: Tags) => boolean;
  /** What it has not done yet. */
  readonly undone: string;
  readonly refused: (why: string) => ClusterError;
  /** It has tried for a while. */
  readonly failed: (why: string) => ClusterError;
  readonly advice: string;
  readonly longestMs?: number;
}

export async function awaitAgent(operation: Operation, machine: MachineRef, { order, answerIn, isMoot = () => false, undone, refused, failed, advice, longestMs }: Told): Promise<void> {
  const { world, nodes } = operation;
  let said: string | undefined;
  let failingSince: number | undefined;
  await nodes.ready(machine.name, {
    restarted: false,
    lost: () => whatBecameOf(operation, machine),
    ...(longestMs === undefined ? {} : { longestMs }),
    advice: `Its agent's journal says more (on the machine: journalctl -u ablestack-kubernetes-agent). ${advice}`,
    missing: ({ annotations }) => {
      if (isMoot(annotations)) return undefined;
      const answer = annotations[answerIn];
      const refusal = behind(`${order} refused:`, answer);
      if (refusal !== undefined) throw refused(refusal);
      const failure = behind(`${order} failed:`, answer);
      if (failure !== undefined && failure !== said) world.log.info(`${machine.name}: ${(said = failure)}; its agent tries again`);
      failingSince = failure === undefined ? undefined : (failingSince ?? world.clock.now());
      if (failingSince !== undefined && world.clock.now() - failingSince > failingMs) throw failed(failure!);
      return answer === order ? undefined : `its agent has not ${undone}, and says: ${answer ?? "nothing"}`;
    },
  });
}
