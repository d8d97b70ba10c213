/** `kill -9` of pulumi alone: the process of its provider lives on, and must not go on. */
import { joined, undisturbedUp, upTo } from "./world/interrupted";
import { isAlive } from "./world/processes";
import { until } from "./world/engine-under-test";
import { TestStack } from "./world/stack";

jest.setTimeout(150_000);

let stack: TestStack;
let undisturbed: string;
beforeAll(async () => void (undisturbed = await undisturbedUp(12)));
beforeEach(async () => void (stack = await TestStack.create({ range: 13 })));
afterEach(() => stack?.close());

test("kill -9 of pulumi alone: its provider stops by itself and gives the lock back; the next up finishes", async () => {
  const provider = await stack.killAlone(await upTo(stack, "deployVirtualMachine", 2));
  // Sooner than the half minute after which it is ended by force.
  await until("the provider ends by itself", () => !isAlive(provider), 20_000);
  expect(joined(stack)).toBeLessThan(6);
  expect(stack.tags("ablestack-lock")).toEqual([]);
  await stack.succeed(["cancel", "--yes"]);
  await stack.up();
  expect(await stack.comparable()).toBe(undisturbed);
});

test("kill -9 of pulumi alone and up again at once, beside the provider that is still there", async () => {
  const provider = await stack.killAlone(await upTo(stack, "attachIso", 1));
  await stack.succeed(["cancel", "--yes"]);
  await stack.up();
  expect(isAlive(provider)).toBe(false);
  expect(await stack.comparable()).toBe(undisturbed);
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(stack.mold.isEmpty()).toBe(true);
});
