/** An `up` that is killed or interrupted half-way, on the real engine: the next one ends where an undisturbed one does. */
import { joined, undisturbedUp, upTo } from "./world/interrupted";
import { TestStack } from "./world/stack";

jest.setTimeout(150_000);

let stack: TestStack;
let undisturbed: string;
beforeAll(async () => void (undisturbed = await undisturbedUp(10)));
beforeEach(async () => void (stack = await TestStack.create({ range: 11 })));
afterEach(() => stack?.close());

test("kill -9 of the whole process tree while machines are made: the next up finishes, nothing doubled and nothing orphaned", async () => {
  await stack.killTree(await upTo(stack, "deployVirtualMachine", 3));
  await stack.succeed(["cancel", "--yes"]);
  await stack.up();
  expect(await stack.comparable()).toBe(undisturbed);
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(stack.mold.isEmpty()).toBe(true);
});

test("Ctrl-C begins nothing more, ends in an error that says what to do, and the next up goes on", async () => {
  const running = await upTo(stack, "deployVirtualMachine", 2);
  process.kill(running.pid, "SIGINT");
  const { code, output } = await running.ended;
  expect(code).not.toBe(0);
  expect(output).toMatch(/interrupted: nothing new was begun. Run `pulumi up` again to go on from here/);
  expect(joined(stack)).toBeLessThan(6);
  expect(stack.tags("ablestack-lock")).toEqual([]);
  await stack.up();
  expect(await stack.comparable()).toBe(undisturbed);
});

test("a destroy that is killed half-way is finished by the next one", async () => {
  await stack.up();
  const called = stack.call("destroyVirtualMachine", 3);
  const running = stack.start(["destroy", "--yes", "--skip-preview"]);
  await called;
  await stack.killTree(running);
  await stack.succeed(["cancel", "--yes"]);
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(stack.mold.isEmpty()).toBe(true);
});
