/** One cluster's life in virtual time, undisturbed: made, looked at, deleted. What each part took and asked for. */
import type { CallRecord } from "../../provider/emulator";
import { cluster } from "../../provider/handlers/cluster";
import { Cloud, type Run } from "../core/world/cloud";
import { clusterInputs, create, declaration, destroy, sharedIdentity, type Recorded } from "../core/world/cluster";
import type { Size } from "./critical-path";

export const sizes: readonly Size[] = [
  { controlPlanes: 3, workers: 3 },
  { controlPlanes: 3, workers: 10 },
  { controlPlanes: 5, workers: 100 },
];
export const nameOf = ({ controlPlanes, workers }: Size): string => `${controlPlanes}+${workers}`;

export interface Part {
  readonly began: number;
  readonly ms: number;
  readonly mold: readonly CallRecord[];
  /** `kubernetes GET /readyz`, … */
  readonly kubernetes: readonly string[];
}

export interface Life {
  readonly create: Part;
  readonly diff: Part;
  readonly delete: Part;
}

export async function live(size: Size): Promise<Life> {
  // Keys are made in real time, and before virtual time begins.
  await sharedIdentity();
  const cloud = new Cloud();
  const declared = declaration({ ...size });
  const recorded: Recorded = {};
  const part = async (work: (run: Run) => Promise<unknown>): Promise<Part> => {
    const run = cloud.newRun();
    const [began, calls] = [cloud.clock.now(), cloud.emulator.calls().length];
    await cloud.clock.run(work(run));
    return { began, ms: cloud.clock.now() - began, mold: cloud.emulator.calls(calls), kubernetes: run.calls.filter((call) => call.startsWith("kubernetes ")) };
  };
  const made = await part((run) => create(run, recorded, declared));
  const { endpoint, cluster: state } = recorded as Required<Recorded>;
  const inputs = await clusterInputs(declared, endpoint.outputs);
  const diff = await part(async (run) => {
    const found = await cluster.diff(run.session, state.id, { inputs, outputs: state.outputs }, inputs);
    if (found.changes) throw new Error(`${nameOf(size)} was just made and already differs:\n${found.plan.join("\n")}`);
  });
  const gone = await part((run) => destroy(run, recorded, declared));
  if (!cloud.emulator.isEmpty()) throw new Error(`${nameOf(size)} was deleted and something of it is left:\n${cloud.state()}`);
  return { create: made, diff, delete: gone };
}

const lives = new Map<Size, Promise<Life>>();
/** Several figures look at one and the same life. */
export function lifeOf(size: Size): Promise<Life> {
  const known = lives.get(size) ?? live(size);
  lives.set(size, known);
  return known;
}
