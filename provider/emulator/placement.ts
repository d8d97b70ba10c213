/** Which host a machine is placed on: room, and the affinity groups it is in. */
import type { Cloud } from "./cloud";
import type { HostRow, MachineRow } from "./model";

const occupying = new Set(["Starting", "Running", "Stopping"]);

export const affinityTypes = ["host anti-affinity", "non-strict host anti-affinity", "host affinity", "non-strict host affinity"] as const;

/** What is left of a host. */
export function room(cloud: Cloud, host: HostRow): { cpus: number; memoryMb: number } {
  let { cpus, memoryMb } = host;
  for (const machine of cloud.table("machines").filter((one) => one.hostId === host.id && occupying.has(one.state))) {
    const offering = cloud.table("offerings").get(machine.offeringId);
    cpus -= offering?.cpus ?? 0;
    memoryMb -= offering?.memoryMb ?? 0;
  }
  return { cpus, memoryMb };
}

/**
 * The host for a machine: Up, in its zone, with room; the emptiest first. Strict groups rule hosts out, non-strict ones
 * only put them last. Undefined: there is none.
 */
export function placeOn(cloud: Cloud, machine: MachineRow): HostRow | undefined {
  const offering = cloud.table("offerings").get(machine.offeringId);
  if (offering === undefined) return undefined;
  const groups = machine.affinityGroupIds.flatMap((id) => cloud.table("affinityGroups").get(id) ?? []);
  const others = cloud.table("machines").filter((one) => one.id !== machine.id && one.hostId !== undefined && occupying.has(one.state));
  const sharing = (host: HostRow, groupId: string): boolean => others.some((one) => one.hostId === host.id && one.affinityGroupIds.includes(groupId));

  const candidates = cloud
    .table("hosts")
    .filter((host) => host.zoneId === machine.zoneId && host.state === "Up")
    .map((host) => ({ host, left: room(cloud, host) }))
    .filter(({ left }) => left.cpus >= offering.cpus && left.memoryMb >= offering.memoryMb)
    .filter(({ host }) =>
      groups.every((group) => {
        if (group.type === "host anti-affinity") return !sharing(host, group.id);
        if (group.type === "host affinity") return sharing(host, group.id) || !others.some((one) => one.affinityGroupIds.includes(group.id));
        return true;
      }),
    )
    .map(({ host, left }) => ({
      host,
      left,
      against: groups.filter((group) => (group.type === "non-strict host anti-affinity" ? sharing(host, group.id) : group.type === "non-strict host affinity" ? !sharing(host, group.id) : false)).length,
    }));
  candidates.sort((a, b) => a.against - b.against || b.left.memoryMb - a.left.memoryMb || b.left.cpus - a.left.cpus || a.host.number - b.host.number);
  return candidates[0]?.host;
}
