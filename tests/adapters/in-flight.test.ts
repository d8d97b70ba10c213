import { InFlight } from "../../provider/adapters/in-flight";

test("the end of all that is under way is waited for, failures included", async () => {
  const inFlight = new InFlight();
  let finish = (): void => undefined;
  const long = inFlight.during(() => new Promise<void>((resolve) => (finish = resolve)));
  const failing = inFlight.during(() => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  let ended = false;
  const none = inFlight.none().then(() => (ended = true));
  await Promise.resolve();
  expect(ended).toBe(false);
  finish();
  await Promise.all([long, none]);
  expect(ended).toBe(true);
});

test("with nothing under way there is nothing to wait for", async () => {
  await expect(new InFlight().none()).resolves.toBeUndefined();
});
