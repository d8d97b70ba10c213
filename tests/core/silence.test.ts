/** What an API that does not answer for a moment costs a step: nothing but the moment. */
import { throughSilence } from "../../provider/core/silence";
import { KubernetesError } from "../../provider/kubernetes/errors";
import { VirtualClock } from "./world/virtual-clock";

const silence = new KubernetesError("unreachable", "connection reset");

/** How often the work was begun, and when it was given up, in seconds. */
async function tried(work: (clock: VirtualClock, attempt: number) => Promise<void>): Promise<{ attempts: number; failure: string; seconds: number }> {
  const clock = new VirtualClock();
  const began = clock.now();
  let attempts = 0;
  const failure = await clock.run(throughSilence({ clock, signal: new AbortController().signal }, () => work(clock, (attempts += 1)))).then(
    () => "",
    (error: Error) => error.message,
  );
  return { attempts, failure, seconds: Math.round((clock.now() - began) / 1000) };
}

test("it is begun anew until it is through", async () => {
  const { attempts, failure } = await tried((_, attempt) => (attempt < 4 ? Promise.reject(silence) : Promise.resolve()));
  expect({ attempts, failure }).toEqual({ attempts: 4, failure: "" });
});

test("half a minute after the first silence that is the answer", async () => {
  const { failure, seconds } = await tried(() => Promise.reject(silence));
  expect(failure).toBe("connection reset");
  // It looks again at least every second and a half.
  expect([30, 31]).toContain(seconds);
});

test("one that had worked for longer than that has half a minute all the same", async () => {
  const { attempts, failure } = await tried(async (clock, attempt) => {
    if (attempt > 1) return;
    await clock.sleep(600_000);
    throw silence;
  });
  expect({ attempts, failure }).toEqual({ attempts: 2, failure: "" });
});

test.each([new KubernetesError("refused", "no such pod"), new KubernetesError("forbidden", "not allowed"), new Error("a bug")])("whatever else goes wrong is told at once (%s)", async (error) => {
  const { attempts, failure } = await tried(() => Promise.reject(error));
  expect({ attempts, failure }).toEqual({ attempts: 1, failure: error.message });
});
