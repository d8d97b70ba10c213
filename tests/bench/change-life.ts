/** One change of a cluster that is there, in virtual time and undisturbed: by the core, and in Mold's order. */
import { accessOf } from "../../provider/core/desired";
import { placeOf } from "../../provider/handlers/declaration";
import { declaration, sharedIdentity } from "../core/world/cluster";
import { Life } from "../core/world/life";
import { MadeCluster } from "../core/world/made";
import type { Change } from "./changes";
import type { Size } from "./critical-path";
import { nameOf, type Part } from "./life";
import type { MoldCluster } from "./mold-order";

export interface ChangeLife {
  readonly byCore: Part;
  /** Milliseconds; undefined: Mold can't do it. */
  readonly inMoldOrder?: number;
}

async function live(change: Change, size: Size): Promise<ChangeLife> {
  const made = await madeCluster(change, size);
  const before = declaration({ ...size, ...change.made, ...change.before });
  const ready = async (): Promise<Life> => {
    const life = new Life(made);
    if (change.before) await life.up(before);
    return life;
  };
  const life = await ready();
  const { clock, emulator } = life.cloud;
  const [began, calls] = [clock.now(), emulator.calls().length];
  await life.up({ ...before, ...change.after(size) });
  const byCore: Part = { began, ms: clock.now() - began, mold: emulator.calls(calls), kubernetes: life.run.calls.filter((call) => call.startsWith("kubernetes ")) };
  const left = await life.plan();
  if (left.length > 0) throw new Error(`${change.name} of ${nameOf(size)} is done and leaves something to do:\n${left.join("\n")}`);
  if (!change.inMoldOrder) return { byCore };

  const other = await ready();
  const since = other.cloud.clock.now();
  await other.cloud.clock.run(change.inMoldOrder(await moldCluster(other), size));
  const inMoldOrder = other.cloud.clock.now() - since;
  const [ours, theirs] = [await endOf(life), await endOf(other)];
  if (ours !== theirs) throw new Error(`${change.name} of ${nameOf(size)} ends in another state in Mold's order:\n${ours}\n\n${theirs}`);
  return { byCore, inMoldOrder };
}

/** With room for twice the machines, or for machines of twice the size. */
const emulator = { capacity: { hosts: 12 } };

const clusters = new Map<string, Promise<MadeCluster>>();

/** Made once for all changes that begin with the same. Keys are made in real time, and before virtual time begins. */
function madeCluster({ made }: Change, size: Size): Promise<MadeCluster> {
  const declared = declaration({ ...size, ...made });
  const key = JSON.stringify(declared);
  const known = clusters.get(key) ?? sharedIdentity().then(() => MadeCluster.make(declared, { emulator }));
  clusters.set(key, known);
  return known;
}

/** Their files go. */
export async function closeClusters(): Promise<void> {
  for (const made of clusters.values()) (await made).close();
  clusters.clear();
}

async function moldCluster({ cloud, endpoint }: Life): Promise<MoldCluster> {
  const identity = await sharedIdentity();
  const world = cloud.newRun().world({ owner: "mold" });
  return {
    world,
    identity,
    endpoint,
    kubernetes: world.kubernetes(accessOf(identity, placeOf(endpoint))),
    annotations: async (node, set) => {
      const path = `/api/v1/nodes/${node}`;
      const body = set && JSON.stringify({ metadata: { annotations: set } });
      const headers = { "content-type": "application/merge-patch+json" };
      const answer = await cloud.emulator.request(endpoint.publicIpAddress, 6443, { method: set ? "PATCH" : "GET", path, headers, body, clientCertificate: identity.adminCertificate });
      // Nobody answers while a single control plane's API server is changed.
      if (!answer) return {};
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
      return (JSON.parse(answer.body) as { metadata: { annotations: Record<string, string> } }).metadata.annotations;
    },
  };
}

/** What both have to bring about: the machines, and the nodes where they run. */
async function endOf(life: Life): Promise<string> {
  const machines = life.machines;
  if (!machines.some((machine) => machine.endsWith(" Running"))) return machines.join("\n");
  const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
  return [...machines, ...nodes.map(({ name, ready, version, unschedulable }) => `${name} ${version}${ready ? " Ready" : ""}${unschedulable ? " cordoned" : ""}`).sort()].join("\n");
}

const lives = new Map<string, Promise<ChangeLife>>();
/** Several figures look at one and the same change. */
export function changeLifeOf(change: Change, size: Size): Promise<ChangeLife> {
  const key = `${change.name} ${nameOf(size)}`;
  const known = lives.get(key) ?? live(change, size);
  lives.set(key, known);
  return known;
}
