/** Plans of clusters far larger than anybody's: what there is, and what is declared. */
import type { PlanInput } from "../../provider/core/plan-input";
import type { ObservedCluster, ObservedMachine } from "../../provider/core/observe";
import { tagKeys } from "../../provider/core/ownership";
import type { DesiredCluster } from "../../provider/core/desired";
import { desired, nodeOf, nothing, owner, registered, uid, whole } from "../core/world/observed";

export interface PlanOf {
  readonly name: string;
  /** So many steps a machine that changes, at least: less is no plan. */
  readonly stepsEach: number;
  /** How many machines change, of so many. */
  readonly changed: (machines: number) => number;
  readonly input: (machines: number) => PlanInput;
}

const controlPlanes = 3;
const all = (machines: number): number => machines;
const workersOf = (machines: number): number => machines - controlPlanes;

function given(observed: ObservedCluster, workers: number, changes: Partial<DesiredCluster> = {}): PlanInput {
  return { desired: desired({ workers: { count: workers, offering: "small" }, ...changes }), observed, owner };
}

/** A cluster of so many machines whose nodes answer, with two balancers that follow its workers. */
function there(machines: number, machine: (each: ObservedMachine) => ObservedMachine = (each) => each): ObservedCluster {
  const observed = whole(controlPlanes, workersOf(machines));
  return { ...observed, machines: observed.machines.map(machine), nodes: observed.machines.map(({ name }) => nodeOf(name)), followers: ["http", "https"].map(followerOf) };
}

const followerOf = (name: string): ObservedCluster["followers"][number] => ({
  id: name,
  name,
  description: "",
  state: "Active",
  publicPort: 80,
  privatePort: 30080,
  tags: { [tagKeys.cluster]: uid, [tagKeys.target]: "role=worker" },
});

export const plans: readonly PlanOf[] = [
  { name: "nothing to do", stepsEach: 0, changed: () => 0, input: (machines) => given(there(machines), workersOf(machines)) },
  { name: "create", stepsEach: 6, changed: all, input: (machines) => given(nothing(), workersOf(machines)) },
  { name: "10 % more workers", stepsEach: 6, changed: (machines) => machines / 10, input: (machines) => given(there(machines), workersOf(machines) + machines / 10) },
  { name: "half the workers", stepsEach: 4, changed: (machines) => machines / 2, input: (machines) => given(there(machines), workersOf(machines) - machines / 2) },
  {
    name: "half the workers, no balancer",
    stepsEach: 4,
    changed: (machines) => machines / 2,
    input: (machines) => given({ ...there(machines), followers: [] }, workersOf(machines) - machines / 2),
  },
  {
    name: "another offering",
    stepsEach: 4,
    changed: all,
    input: (machines) => given(there(machines), 0, { controlPlane: { count: controlPlanes, offering: "large" }, workers: { count: workersOf(machines), offering: "large" } }),
  },
  {
    name: "two-hop upgrade",
    stepsEach: 14,
    changed: all,
    input: (machines) => ({ ...given(there(machines), workersOf(machines), { version: "1.37" }), versions: registered("1.35.4", "1.36.3", "1.37.1") }),
  },
  {
    name: "upgrade by replacing",
    stepsEach: 14,
    changed: workersOf,
    input: (machines) => ({
      ...given(there(machines), workersOf(machines), { version: "1.36", upgrade: { maxUnavailable: 1, maxSurge: 10, drainSeconds: 600, strategy: "replace" } }),
      versions: registered("1.35.4", "1.36.3"),
    }),
  },
  {
    name: "every node NotReady",
    stepsEach: 1,
    changed: all,
    input: (machines) => {
      const observed = there(machines);
      return given({ ...observed, nodes: observed.nodes!.map((node) => ({ ...node, ready: false })) }, workersOf(machines));
    },
  },
  { name: "stop", stepsEach: 1, changed: all, input: (machines) => given(there(machines), workersOf(machines), { powerState: "stopped" }) },
  {
    name: "start",
    stepsEach: 2,
    changed: all,
    input: (machines) => {
      const { nodes: _silent, ...observed } = there(machines, (each) => ({ ...each, state: "Stopped" }));
      return given(observed, workersOf(machines));
    },
  },
  {
    name: "every worker lost",
    stepsEach: 7,
    changed: workersOf,
    input: (machines) => {
      const observed = there(machines);
      return given({ ...observed, machines: observed.machines.filter(({ role }) => role === "control-plane") }, workersOf(machines));
    },
  },
  { name: "every machine failed", stepsEach: 7, changed: all, input: (machines) => given({ ...nothing(), machines: there(machines, (each) => ({ ...each, state: "Error", tags: {} })).machines }, workersOf(machines)) },
];
