/** Clusters of either management in virtual time, for the tests of rows: what both can do is shown by one and the same test. */
import type { Management } from "../../schema/property";
import type { ClusterOutputs } from "../../schema/generated/types";
import type { Answer, ListCommandName } from "../../provider/core/ports";
import type { Cloud } from "../core/world/cloud";
import { declaration, sharedIdentity, type Declaration } from "../core/world/cluster";
import type { Life } from "../core/world/life";
import { byHand } from "../core/world/made";
import { managed } from "../core/managed/managed";
import { door, through, type Door, type Made, type Prepare } from "./door";

/** One control plane and two workers of 1.34, but for what is said otherwise. */
const declarations: Readonly<Record<Management, (more?: Declaration) => Record<string, unknown>>> = {
  core: (more = {}) => declaration({ controlPlanes: 1, workers: 2, version: "1.34", ...more }),
  mold: managed,
};
export const declared = (on: Management, more: Declaration = {}): Record<string, unknown> => declarations[on](more);

const small = new Map<Door, Partial<Record<Management, Made>>>();
let ofTest: Made[] = [];

/** Made once by each door, as declared without more; no switch is on then. */
export async function makeWorlds(doors: readonly Door[]): Promise<void> {
  await sharedIdentity();
  for (const one of doors) small.set(one, { core: await through(one, () => one.make(declared("core"))), mold: await through(one, () => one.make(declared("mold"))) });
}

export function closeWorlds(): void {
  for (const made of [...[...small.values()].flatMap((each) => Object.values(each)), ...ofTest]) made.close();
}

/** What a test has made itself. */
export function closeOwn(): void {
  for (const made of ofTest) made.close();
  ofTest = [];
}

/** A copy of the small cluster. */
export const opened = (on: Management): Life => small.get(door())![on]!.open();

/** A cluster that this test makes. */
export const made = (on: Management, more: Declaration = {}, prepare?: Prepare): Promise<Life> => madeAs(declared(on, more), prepare);

export async function madeAs(declaration: Record<string, unknown>, prepare?: Prepare): Promise<Life> {
  const cluster = await door().make(declaration, prepare);
  ofTest.push(cluster);
  return cluster.open();
}

export const list = <C extends ListCommandName>({ cloud }: Pick<Life, "cloud">, command: C, given: object = {}): Promise<Answer<C>[]> => cloud.clock.run(byHand(cloud).list(command, given as never));

export const machinesOf = (life: Pick<Life, "cloud">): Promise<Answer<"listVirtualMachines">[]> => list(life, "listVirtualMachines");

export const ofRole = ({ nodes }: Pick<ClusterOutputs, "nodes">, role: "control-plane" | "worker"): ClusterOutputs["nodes"] => nodes.filter((node) => node.role === role);

export const workersOf = ({ outputs }: Life): string[] => ofRole(outputs, "worker").map(({ name }) => name);
export const controlPlanesOf = ({ outputs }: Life): string[] => ofRole(outputs, "control-plane").map(({ name }) => name);

/** By machine. */
export const offeringsOf = async (life: Life): Promise<Map<string, string | undefined>> => new Map((await machinesOf(life)).map(({ name, serviceofferingname }) => [name!, serviceofferingname]));

export const stopped = { powerState: "stopped" };

const leaves: Readonly<Record<Management, string>> = { core: "destroyVirtualMachine", mold: "scaleKubernetesCluster" };

/** Whether, in the last run, pods were asked to go before the first machine went. */
export function drainedFirst({ run: { calls: made } }: Life, on: Management): boolean {
  const drained = made.findIndex((call) => call.endsWith("/eviction"));
  return drained >= 0 && drained < made.indexOf(leaves[on]);
}

/** A network of somebody's, in the first zone. */
export async function makeNetwork(cloud: Cloud, called: string, offeringName = "DefaultNetworkOfferingforKubernetesService"): Promise<void> {
  const hand = byHand(cloud);
  const [zone] = await hand.list("listZones", { name: "zone-1" });
  const [offering] = await hand.list("listNetworkOfferings", { name: offeringName });
  await hand.call("createNetwork", { name: called, displaytext: called, zoneid: zone!.id!, networkofferingid: offering!.id! });
}

/** A machine of somebody's, on a network that is there. */
export async function makeMachine(cloud: Cloud, called: string, network: string): Promise<string> {
  const hand = byHand(cloud);
  const [there] = (await hand.list("listNetworks", {})).filter(({ name }) => name === network);
  const [offering] = await hand.list("listServiceOfferings", { name: "k8s-2c-4g" });
  const [template] = await hand.list("listTemplates", { templatefilter: "executable", name: "debian-13-containerd" });
  const { id } = await cloud.clock.run(hand.run("deployVirtualMachine", { zoneid: there!.zoneid!, serviceofferingid: offering!.id!, templateid: template!.id!, networkids: [there!.id!], name: called }));
  return id!;
}

/** Every call that a cloud is sent, with its parameters. */
export function calls(cloud: Cloud): Readonly<Record<string, string>>[] {
  const sent: Record<string, string>[] = [];
  const { emulator } = cloud;
  const handle = emulator.handle.bind(emulator);
  emulator.handle = (request) => {
    sent.push(Object.fromEntries(new URLSearchParams(request.body ?? "")));
    return handle(request);
  };
  return sent;
}

/** What it says of how it ended: a test of what is left does not stop at an error. */
export const endOf = (work: Promise<unknown>): Promise<string> => work.then(() => "done", (error: unknown) => (error instanceof Error ? error.message : String(error)));
