/** Plans of thousands of machines: they grow with the machines, not with their square, and stay readable. */
import { planCluster } from "../../provider/core/plan";
import { planLines } from "../../provider/core/preview";
import { estimatePlan, type Step } from "../../provider/core/step";
import { plans } from "../bench/plans";
import { desired, machine, nodeOf, nothing, owner, whole } from "./world/observed";

const needsIn = (steps: readonly Step[]): number => steps.reduce((sum, { needs }) => sum + needs.length, 0);

test.each(plans)("$name: ten times the machines, ten times the steps and needs", ({ input, changed, stepsEach }) => {
  const [small, large] = [100, 1000].map((machines) => {
    const { steps, problems } = planCluster(input(machines));
    expect(problems).toEqual([]);
    expect(steps.length).toBeGreaterThanOrEqual(changed(machines) * stepsEach);
    return steps;
  }) as [readonly Step[], readonly Step[]];
  expect(large.length).toBeLessThanOrEqual(small.length * 11);
  expect(needsIn(large)).toBeLessThanOrEqual(needsIn(small) * 11);
});

test("with many that leave, all the same all are cordoned before the first is drained", () => {
  const { steps } = planCluster({ desired: desired(), observed: whole(3, 50), owner });
  const byId = new Map(steps.map((step) => [step.id, step]));
  const before = new Set<string>();
  const follow = (id: string): void => {
    if (before.has(id)) return;
    before.add(id);
    byId.get(id)!.needs.forEach(follow);
  };
  follow(steps.find(({ work }) => work.kind === "drainNode")!.id);
  expect(steps.filter(({ work }) => work.kind === "cordonNode")).toHaveLength(47);
  expect(steps.filter(({ id, work }) => work.kind === "cordonNode" && !before.has(id))).toEqual([]);
});

test("a chain of 20,000 steps has an estimate", () => {
  const chain = Array.from({ length: 20_000 }, (_, at): Step => ({ id: `${at}`, title: "", work: { kind: "awaitApi" }, needs: at === 0 ? [] : [`${at - 1}`], estimateSeconds: 2 }));
  expect(estimatePlan(chain)).toBe(40_000);
  expect(planLines({ steps: chain }).at(-1)).toBe("about 40000 s in all");
});

describe("in words", () => {
  const offering = (workers: number): string[] => {
    const found = whole(3, workers);
    const observed = { ...found, nodes: found.machines.map(({ name }) => nodeOf(name)) };
    return planLines(planCluster({ desired: desired({ workers: { count: workers, offering: "large" } }), observed, owner }));
  };

  test("a plan that can be read has a line for each step, in order", () => {
    const lines = offering(70);
    expect(lines).toHaveLength(70 * 7 + 1);
    expect(lines.filter((line) => line.includes("prod-worker-1 ") || line.endsWith("prod-worker-1"))).toEqual([
      "cordon prod-worker-1 (nothing new is to be placed on it)",
      "drain prod-worker-1 (its pods move, as their disruption budgets allow)",
      "stop prod-worker-1",
      "give prod-worker-1 the offering large (it has small)",
      "start prod-worker-1",
      "wait for prod-worker-1 to be Ready",
      "uncordon prod-worker-1",
    ]);
  });

  test("a longer one has a line for each thing that is done, with all machines that it is done to, and whether it is one at a time", () => {
    expect(offering(1000)).toEqual([
      "cordon prod-worker-1…1000, one machine at a time (nothing new is to be placed on it)",
      "drain prod-worker-1…1000, one machine at a time (its pods move, as their disruption budgets allow)",
      "stop prod-worker-1…1000, one machine at a time",
      "give prod-worker-1…1000 the offering large, one machine at a time (it has small)",
      "start prod-worker-1…1000, one machine at a time",
      "wait for prod-worker-1…1000 to be Ready, one machine at a time",
      "uncordon prod-worker-1…1000, one machine at a time",
      expect.stringMatching(/^about \d+ s in all$/),
    ]);
  });

  test("what is done at once is not said to be one at a time", () => {
    const lines = planLines(planCluster({ desired: desired({ workers: { count: 200, offering: "small" } }), observed: whole(), owner }));
    expect(lines).toContain("deploy prod-worker-4…200");
    expect(lines.filter((line) => line.includes("at a time"))).toEqual([]);
  });

  test("newest first counts down, and a balancer's line does not name a thousand", () => {
    const observed = { ...whole(3, 600), followers: [{ id: "web", name: "web", description: "", state: "Active", publicPort: 80, privatePort: 30080, tags: { "ablestack-target": "role=worker" } }] };
    const lines = planLines(planCluster({ desired: desired({ workers: { count: 100, offering: "small" } }), observed, owner }));
    expect(lines).toContain("drain prod-worker-600…101 (its pods move, as their disruption budgets allow)");
    expect(lines).toContain("take prod-worker-600…101 out of web");
  });

  test("of machines whose numbers are no range the first are named and the others counted", () => {
    const odd = Array.from({ length: 600 }, (_, at) => machine("worker", 2 * at + 1, { state: "Error", tags: {} }));
    const { steps } = planCluster({ desired: desired({ workers: { count: 0, offering: "small" } }), observed: nothing({ machines: odd }), owner });
    expect(planLines({ steps })).toContain("remove prod-worker-1, prod-worker-3, prod-worker-5 and 597 more (Mold could not deploy it)");
  });

  test("an upgrade shows its hops one after the other, in each control planes before workers", () => {
    const lines = planLines(planCluster(plans.find(({ name }) => name === "two-hop upgrade")!.input(100)));
    expect(lines.length).toBeLessThan(60);
    const order = [
      /^look whether .* from 1.35.4 to 1.36.3/,
      /^tell prod-control-1…3 to go to 1.36.3, one machine at a time/,
      /^drain prod-worker-1…97, one machine at a time/,
      /^tell prod-worker-1…97 to go to 1.36.3, one machine at a time/,
      /^put prod-worker-1…97 behind https, one machine at a time/,
      /^look whether .* from 1.36.3 to 1.37.1/,
      /^tell prod-control-1…3 to go to 1.37.1/,
      /^tell prod-worker-1…97 to go to 1.37.1/,
    ].map((pattern) => lines.findIndex((line) => pattern.test(line)));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(lines.filter((line) => line.startsWith("uncordon "))).toEqual(Array(2).fill("uncordon prod-worker-1…97, one machine at a time"));
  });

  test("what is done to a machine again is another line", () => {
    const hop = (version: string): Step[] =>
      Array.from({ length: 300 }, (_, at): Step => {
        const { name, role } = machine("worker", at + 1);
        return { id: `${version} ${name}`, title: `cordon ${name}`, work: { kind: "cordonNode", machine: { name, role } }, needs: version === "1.36" ? [`1.35 ${name}`] : [], estimateSeconds: 1 };
      });
    expect(planLines({ steps: [...hop("1.35"), ...hop("1.36")] })).toEqual(["cordon prod-worker-1…300", "cordon prod-worker-1…300", "about 2.0 s in all"]);
  });
});
