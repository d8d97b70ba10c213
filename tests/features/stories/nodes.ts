/** Rows 10, 18 and 19: what is done to single nodes. */
import { deployment } from "../../core/world/workloads";
import { refusedByCheck, type Claim } from "../claims";
import { said } from "../door";
import { eachByItself, off, undrained, unheard } from "../switches";
import { controlPlanesOf, declared, drainedFirst, endOf, made, makeMachine, makeNetwork, offeringsOf, opened, workersOf } from "../worlds";

const larger = "k8s-4c-8g";

export const oneOffering: Claim = {
  says: "`nodes[…].offering`: that node has another offering than its role's; taken out, it has its role's again",
  async shows(on) {
    const life = opened(on);
    const [first, second] = workersOf(life) as [string, string];
    await life.up(declared(on, { nodes: { [first]: { offering: larger } } }));
    const then = await offeringsOf(life);
    expect([then.get(first), then.get(second)]).toEqual([larger, "k8s-2c-4g"]);
    expect(await life.plan()).toEqual([]);
    await life.up(declared(on, { nodes: {} }));
    expect((await offeringsOf(life)).get(first)).toBe("k8s-2c-4g");
  },
  without: (on) => [unheard(on, "nodes")],
};

export const nodesInTurn: Claim = {
  says: "several such nodes are away one at a time",
  async shows(on) {
    const life = opened(on);
    const nodes = workersOf(life);
    await life.up(declared(on, { nodes: Object.fromEntries(nodes.map((name) => [name, { offering: larger }])) }));
    const moves = life.run.calls.filter((call) => /^(stop|start|scale)VirtualMachine$/.test(call));
    expect(moves).toEqual(nodes.flatMap(() => ["stopVirtualMachine", "scaleVirtualMachine", "startVirtualMachine"]));
  },
  without: (on) => [on === "core" ? eachByItself("no node waits for another", "provider/core/plan-turns", "planTurns") : eachByItself("no node waits for another", "provider/core/managed/plan-nodes", "planNodeOperations")],
};

export const reboot: Claim = {
  says: "`nodes[…].reboot`: the node is rebooted, once each time the text is another",
  async shows(on) {
    const life = opened(on);
    const [first] = workersOf(life) as [string];
    const reboots = async (text: string): Promise<number> => {
      await life.up(declared(on, { nodes: { [first]: { reboot: text } } }));
      return life.run.calls.filter((call) => call === "rebootVirtualMachine").length;
    };
    expect([await reboots("kernel"), await reboots("kernel"), await reboots("another")]).toEqual([1, 0, 1]);
  },
  without: (on) => [unheard(on, "nodes")],
};

const onApps = { network: "apps", workers: 1 };

export const externalNodes: Claim = {
  says: "`externalNodes`: machines of the user's are workers too; taken out again they are drained, and stay",
  async shows(on) {
    const life = await made(on, onApps, (cloud) => makeNetwork(cloud, "apps"));
    const id = await makeMachine(life.cloud, "edge-1", "apps");
    await life.up(declared(on, { ...onApps, externalNodes: [id] }));
    expect(await life.nodes()).toContain("edge-1");
    expect(life.outputs).toMatchObject({ size: 1, nodes: expect.arrayContaining([expect.objectContaining({ machineId: id, role: "worker" })]) as unknown });
    await life.up(declared(on, onApps));
    expect(await life.nodes()).not.toContain("edge-1");
    expect(life.machines).toContain("edge-1 Running");
  },
  without: (on) => [unheard(on, "externalNodes")],
  refused: { core: refusedByCheck("externalNodes", { externalNodes: ["5c3f2b0e-8d0f-4a3a-9a57-0e8a7c1f8d11"] }) },
};

export const deleteOne: Claim = {
  says: "`nodes[…].delete` with the count lowered: that worker leaves, drained, and not the newest",
  async shows(on) {
    const life = opened(on);
    const [first, second] = workersOf(life) as [string, string];
    await deployment(life, "web", 4);
    await life.up(declared(on, { workers: 1, nodes: { [first]: { delete: true } } }));
    expect(workersOf(life)).toEqual([second]);
    expect(drainedFirst(life, on)).toBe(true);
    expect(await life.plan()).toEqual([]);
  },
  without: (on) => [unheard(on, "nodes"), undrained(on)],
};

export const replaceOne: Claim = {
  says: "`nodes[…].delete` with the count as it was: a new worker takes its place first",
  async shows(on) {
    const life = opened(on);
    const [first, second] = workersOf(life) as [string, string];
    expect(await endOf(life.up(declared(on, { nodes: { [first]: { delete: true } } })))).toBe("done");
    expect(workersOf(life)).toHaveLength(2);
    expect(workersOf(life)).toContain(second);
    expect(workersOf(life)).not.toContain(first);
    expect(life.outputs.size).toBe(2);
    const done = life.run.lines.flatMap((line) => /^info (wait for .* to be Ready|have Mold make|cordon) ?.*: done/.exec(line)?.[1]?.split(" ").slice(0, 2).join(" ") ?? []);
    expect(done.slice(0, 2)).toEqual([on === "core" ? "wait for" : "have Mold", "cordon"]);
  },
  without: (on) => [
    unheard(on, "nodes"),
    off<(steps: never, input: never, machines: never, needs: readonly string[]) => unknown>("the old one does not wait for the new one", on === "core" ? "provider/core/plan-leaving" : "provider/core/managed/plan-nodes", "planLeaving", (real) => (steps, input, machines) => real(steps, input, machines, [])),
  ],
};

export const deleteControlPlane: Claim = {
  says: "a control plane is not deleted by name: refused, since etcd counts its members",
  async shows(on) {
    const life = opened(on);
    const [control] = controlPlanesOf(life) as [string];
    await expect(life.plan(declared(on, { nodes: { [control]: { delete: true } } }))).rejects.toThrow(said(new RegExp(`node(s|_operations)\\["${control}"\\]\\.delete: .*control plane`)));
  },
  without: (on) => [
    on === "core"
      ? off<(...given: never[]) => readonly unknown[]>("who may go is not looked at", "provider/core/plan-nodes", "nodeProblems", () => () => [])
      : off<(...given: never[]) => readonly unknown[]>("who may go is not looked at", "provider/core/managed/problems", "problemsOf", () => () => []),
  ],
};
