/**
 * Figures of the real engine on the example, when there is nothing to do: how long it takes, and what it asks of Mold.
 *
 * What a no-op `pulumi up` is made of, in seconds of processor (Node 20, @pulumi/pulumi 3.248, CLI 3.259; the least of two runs; an up
 * is a preview and an update, and starts each process twice):
 *
 *     program                 all   pulumi  the program  the provider
 *     empty                   2.0   0.35    1.7
 *     imports Pulumi          2.9   0.37    2.6
 *     one resource            4.6   0.41    2.8          1.35
 *     the example             5.9   0.59    3.3          1.93
 *
 * - An empty program does not load all of @pulumi/pulumi, and every other one does: 770 files, 14.6 MiB, of which TypeScript is 8.9
 *   (for serialising closures; our provider is a text already) and npm's @npmcli/arborist with what it needs most of the files. It is
 *   half a second, in the program and once more in each provider's process.
 * - Ours is what is above one resource: 1.3 s of 5.9. In the provider 170 files (0.9 MiB) take 45 ms, axios another 60, and the rest
 *   are the looks at Mold (11 calls for a preview or an update) and at the cluster. In the program the SDK is 11 files and 1 ms.
 * - Leaving the type check out (`noCheck` in tsconfig.json, or PULUMI_NODEJS_TRANSPILE_ONLY=true) saves 0.1 to 0.2 s of them.
 */
import { pulumiFolders } from "../engine/world/paths";
import { TestStack } from "../engine/world/stack";
import { figure, median, type Figure } from "./figures";

/** How often each program is run. In turns, so that whatever else the machine does meets all alike. */
const rounds = 7;

/** Same project, packages, compiler options and configuration as the example's. */
const programs = {
  empty: "export {};\n",
  /** What any dynamic provider costs: a second process that loads @pulumi/pulumi, once for the preview and once for the update. */
  "one resource": `import * as pulumi from "@pulumi/pulumi";
const provider = 'exports.handler = () => ({ diff: async () => ({ changes: false }), create: async () => ({ id: "it", outs: {} }) });';
class It extends pulumi.CustomResource {
  constructor(name: string) {
    super("pulumi-nodejs:dynamic:It", name, { __provider: provider });
  }
}
new It("it");
`,
} as const;

export async function engineFigures(): Promise<Figure[]> {
  if (!isThere()) return [];
  const stacks: TestStack[] = [];
  const stackOf = async (range: number, program?: string): Promise<TestStack> => {
    const stack = await TestStack.create({ range });
    stacks.push(stack);
    if (program !== undefined) stack.write("index.ts", program);
    await stack.up();
    return stack;
  };
  try {
    const [example, empty, one] = [await stackOf(60), await stackOf(61, programs.empty), await stackOf(62, programs["one resource"])];
    const times = new Map(stacks.map((stack) => [stack, [] as number[]]));
    // The first round is not counted: it fills the system's caches.
    for (let round = 0; round <= rounds; round++) {
      for (const [stack, taken] of times) {
        const ms = await upMs(stack);
        if (round > 0) taken.push(ms);
      }
    }
    const calls = await example.callsOf(() => example.up());
    const seconds = (stack: TestStack): number => median(times.get(stack)!) / 1000;
    const note = `medians of ${rounds}: example ${seconds(example).toFixed(2)} s, empty ${seconds(empty).toFixed(2)} s, one resource ${seconds(one).toFixed(2)} s`;
    return [
      figure("no-op pulumi up: example / empty program", seconds(example) / seconds(empty), "ratio", { atMost: 1.3 }, note),
      figure("no-op pulumi up: example / one resource that does nothing", seconds(example) / seconds(one), "ratio"),
      // Those of the cluster (calls.ts), its address for the rules, their two lists, and the members of each balancer.
      figure("no-op pulumi up --skip-preview: Mold calls", calls.length, "calls", { atMost: 13 }),
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
