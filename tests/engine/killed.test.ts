/** An `up` that is killed or interrupted half-way, on the real engine: the next one ends where an undisturbed one does. */
import { isAlive } from "./world/processes";
import { TestStack, until, type Running } from "./world/stack";

jest.setTimeout(150_000);

let stack: TestStack;
let undisturbed: string;
beforeAll(async () => {
  const reference = await TestStack.create({ range: 10 });
  await reference.up();
  undisturbed = await reference.comparable();
  await reference.close();
});
beforeEach(async () => void (stack = await TestStack.create({ range: 11 })));
afterEach(() => stack?.close());

/** An `up` that has come to the n-th call of a command. */
async function upTo(command: string, count: number): Promise<Running> {
  const called = stack.call(command, count);
  const running = stack.start(["up", "--yes", "--skip-preview"]);
  await Promise.race([called, running.ended.then(({ output }) => Promise.reject(new Error(`up ended before ${command}:\n${output}`)))]);
  return running;
}

const joined = (): number => stack.tags("ablestack-joined").length;

test("kill -9 of the whole process tree while machines are made: the next up finishes, nothing doubled and nothing orphaned", async () => {
  await stack.killTree(await upTo("deployVirtualMachine", 3));
  await stack.succeed(["cancel", "--yes"]);
  await stack.up();
  expect(await stack.comparable()).toBe(undisturbed);
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(stack.mold.isEmpty()).toBe(true);
});

test("kill -9 of pulumi alone: its provider stops by itself and gives the lock back; the next up finishes", async () => {
  const provider = await stack.killAlone(await upTo("deployVirtualMachine", 2));
  // Sooner than the half minute after which it is ended by force.
  await until("the provider ends by itself", () => !isAlive(provider), 20_000);
  expect(joined()).toBeLessThan(6);
  expect(stack.tags("ablestack-lock")).toEqual([]);
  await stack.succeed(["cancel", "--yes"]);
  await stack.up();
  expect(await stack.comparable()).toBe(undisturbed);
});

test("kill -9 of pulumi alone and up again at once, beside the provider that is still there", async () => {
  const provider = await stack.killAlone(await upTo("attachIso", 1));
  await stack.succeed(["cancel", "--yes"]);
  await stack.up();
  expect(isAlive(provider)).toBe(false);
  expect(await stack.comparable()).toBe(undisturbed);
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(stack.mold.isEmpty()).toBe(true);
});

test("Ctrl-C begins nothing more, ends in an error that says what to do, and the next up goes on", async () => {
  const running = await upTo("deployVirtualMachine", 2);
  process.kill(running.pid, "SIGINT");
  const { code, output } = await running.ended;
  expect(code).not.toBe(0);
  expect(output).toMatch(/interrupted: nothing new was begun. Run `pulumi up` again to go on from here/);
  expect(joined()).toBeLessThan(6);
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
