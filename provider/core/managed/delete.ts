/** Deleting a cluster that Mold runs: its record with its machines and rules, and the marks that it has on its network. */
import { sayUnseen, staysWithOthers } from "../adoption";
import { refuse } from "../cluster";
import { withLock } from "../lock";
import { tagKeys, tagsOf, type Tags } from "../ownership";
import { goneAsEmpty } from "../gone";
import type { CallContext, World } from "../ports";
import { removeCluster } from "./actions/cluster";
import { ManagedOperation, type ManagedSetting } from "./actions/operation";
import { takeMarks } from "./actions/nodes";
import { managedAnchor, type DesiredManaged } from "./desired";
import { observeManaged } from "./observe";

export interface ManagedDelete {
  /** The life that is to end. Undefined: whichever there is. */
  readonly generation?: string;
}

/** Its own network goes with the place, which asks whose it is. */
const kept = ({ place }: DesiredManaged): ReadonlySet<string> => new Set(place.networkOwned ? [tagKeys.lock, tagKeys.cluster, tagKeys.owner, tagKeys.takenFrom, tagKeys.role] : [tagKeys.lock]);

export async function deleteManaged(setting: ManagedSetting, desired: DesiredManaged, { generation }: ManagedDelete): Promise<void> {
  const { world } = setting;
  const resource = `KubernetesCluster ${desired.name}`;
  const look = (): ReturnType<typeof observeManaged> => observeManaged(world, desired, { ...setting, withNodes: false });
  const isOver = (marks: Tags): boolean => {
    const now = marks[tagKeys.generation];
    if (generation === undefined || now === undefined || now === generation) return false;
    world.log.warn(`${resource}: life ${generation} is over; the cluster there now is of life ${now} and is left alone`);
    return true;
  };
  const before = await look();
  if (staysWithOthers(world, resource, [before.marks ?? {}])) return;
  // With the network gone, and it was the cluster's, nothing of it can be left.
  if (!before.marks) return sayUnseen(world, resource);
  if (isOver(before.marks)) return;
  await withLock(world, managedAnchor(desired), resource, async (lease) => {
    const observed = await look();
    if (!observed.marks || isOver(observed.marks) || staysWithOthers(world, resource, [observed.marks])) return;
    refuse(resource, await blocks(world, desired, observed.machines.filter(({ isExternal }) => !isExternal).map(({ id }) => id), { resource, signal: world.signal }));
    await lease.keep();
    const operation = new ManagedOperation(setting, desired, observed, desired.timeouts.deleteSeconds);
    if (observed.cluster) {
      world.log.info(`${resource}: delete the cluster in Mold …`);
      await removeCluster(operation, desired.timeouts.deleteSeconds, () => lease.keep());
    }
    // A network that Mold had made for it is gone by now, with everything on it.
    const [network] = await world.mold.list("listNetworks", { id: desired.place.networkId }).catch(goneAsEmpty);
    if (!network) return;
    const marks = Object.fromEntries(Object.entries((await look()).marks ?? {}).filter(([key]) => key.startsWith("ablestack-") && !kept(desired).has(key)));
    if (Object.keys(marks).length > 0) await takeMarks(operation, marks);
  });
}

/** Machines of others on a network that is the cluster's own would keep it there. */
async function blocks(world: World, { place }: DesiredManaged, own: readonly string[], context: CallContext): Promise<{ property: string; reason: string }[]> {
  if (!place.networkOwned) return [];
  const machines = await world.mold.list("listVirtualMachines", { networkid: place.networkId }, context);
  const others = machines.filter(({ id, state }) => id !== undefined && !own.includes(id) && state !== "Destroyed" && state !== "Expunging");
  if (others.length === 0) return [];
  const names = others.map((machine) => `${machine.name ?? machine.id ?? "?"}${tagsOf(machine)[tagKeys.owner] ? ` (of ${tagsOf(machine)[tagKeys.owner]})` : ""}`);
  return [{ property: "network", reason: `${names.join(", ")} ${others.length === 1 ? "is" : "are"} on the cluster's own network, which goes with it. Move or remove them, then destroy again.` }];
}
