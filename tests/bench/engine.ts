/** Figures of the real engine on the example, when there is nothing to do: how long it takes, and what it asks of Mold. */
import { TestStack } from "../engine/world/stack";
import { pulumiFolders } from "../engine/world/paths";
import { figure, median, type Figure } from "./figures";

/** In turns, so that whatever else the machine does meets both alike. */
const pairs = 7;

export async function engineFigures(): Promise<Figure[]> {
  if (!isThere()) return [];
  const stacks: TestStack[] = [];
  try {
    const example = await TestStack.create({ range: 60 });
    stacks.push(example);
    // The same project, packages, compiler options and configuration, and not a line of program.
    const empty = await TestStack.create({ range: 61 });
    stacks.push(empty);
    empty.write("index.ts", "export {};\n");
    for (const stack of stacks) await stack.up();

    const times = { example: [] as number[], empty: [] as number[] };
    // The first of each is not counted: it fills the system's caches.
    for (let round = 0; round <= pairs; round++) {
      const [ofExample, ofEmpty] = [await upMs(example), await upMs(empty)];
      if (round === 0) continue;
      times.example.push(ofExample);
      times.empty.push(ofEmpty);
    }
    const calls = await example.callsOf(() => example.up());
    const [ours, theirs] = [median(times.example), median(times.empty)];
    const note = (values: readonly number[]): string => `${values.length} runs: ${values.map((ms) => (ms / 1000).toFixed(2)).join(", ")}`;
    return [
      figure("no-op pulumi up: example / empty program", ours / theirs, "ratio", { atMost: 1.3 }),
      figure("no-op pulumi up: example", ours / 1000, "s", undefined, note(times.example)),
      figure("no-op pulumi up: empty program", theirs / 1000, "s", undefined, note(times.empty)),
      figure("no-op pulumi up --skip-preview: Mold calls", calls.length, "calls", { atMost: 12 }, calls.map(({ command }) => command).join(" ")),
      figure("no-op pulumi up --skip-preview: changing calls", calls.filter(({ changing }) => changing).length, "calls", { atMost: 0 }),
    ];
  } finally {
    for (const stack of stacks) await stack.close();
  }
}

/** Says why not. */
function isThere(): boolean {
  try {
    return pulumiFolders() !== "";
  } catch {
    console.error("no Pulumi CLI was found or could be built (see above): the engine's figures are left out");
    return false;
  }
}

/** As a person runs it, with its preview. */
async function upMs(stack: TestStack): Promise<number> {
  const began = performance.now();
  const output = await stack.succeed(["up", "--yes"]);
  const ms = performance.now() - began;
  if (/\d+ (created|updated|replaced|deleted)/.test(output)) throw new Error(`a pulumi up that should have had nothing to do:\n${output}`);
  return ms;
}
