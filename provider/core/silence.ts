/**
 * Work that meets an API that does not answer for a moment: a balancer drops a connection now and then, and the API server or etcd behind it may be
 * restarting. It is begun anew, as any step can be, since a killed run's is.
 */
import { isNoAnswer, type World } from "./ports";
import { nextLookMs } from "./waiting";

/** For a step. What waits for something has more patience than this, and gives up with words of its own. Milliseconds. */
const stepMs = 30_000;

/** @param longestMs after this the failure is the answer */
export async function throughSilence<T>({ clock, signal }: Pick<World, "clock" | "signal">, work: () => Promise<T>, longestMs = stepMs): Promise<T> {
  let since: number | undefined;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const waited = clock.now() - (since ??= clock.now());
      if (!isNoAnswer(error) || waited >= longestMs) throw error;
      await clock.sleep(nextLookMs(waited), signal);
    }
  }
}
