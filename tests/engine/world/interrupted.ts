/** For tests of an `up` that doesn't come to its end. */
import type { Running } from "./running";
import { TestStack } from "./stack";

/** What an undisturbed `up` of the example leaves. */
export async function undisturbedUp(range: number): Promise<string> {
  const reference = await TestStack.create({ range });
  try {
    await reference.up();
    return await reference.comparable();
  } finally {
    await reference.close();
  }
}

/** An `up` that has come to the n-th call of a command. */
export async function upTo(stack: TestStack, command: string, count: number): Promise<Running> {
  const called = stack.call(command, count);
  const running = stack.start(["up", "--yes", "--skip-preview"]);
  await Promise.race([called, running.ended.then(({ output }) => Promise.reject(new Error(`up ended before ${command}:\n${output}`)))]);
  return running;
}

/** How many machines have come to their end. */
export const joined = (stack: TestStack): number => stack.tags("ablestack-joined").length;
