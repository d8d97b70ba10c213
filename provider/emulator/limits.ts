/** Resource limits of accounts (535). */
import type { Call } from "./call";
import { ApiError } from "./errors";
import type { Limits } from "./model";

type Resource = keyof Limits;

/** What an account uses of a resource. */
export function used(call: Call, resource: Resource, accountId: string): number {
  const { cloud } = call;
  const mine = cloud.table("machines").filter((machine) => machine.accountId === accountId && machine.state !== "Destroyed" && machine.state !== "Expunging");
  const offering = (id: string): { cpus: number; memoryMb: number } => cloud.table("offerings").get(id) ?? { cpus: 0, memoryMb: 0 };
  switch (resource) {
    case "user_vm":
      return mine.length;
    case "cpu":
      return mine.reduce((sum, machine) => sum + offering(machine.offeringId).cpus, 0);
    case "memory":
      return mine.reduce((sum, machine) => sum + offering(machine.offeringId).memoryMb, 0);
    case "public_ip":
      return cloud.table("addresses").filter((address) => address.accountId === accountId).length;
    case "network":
      return cloud.table("networks").filter((network) => network.accountId === accountId).length;
    case "volume":
      return cloud.table("volumes").filter((volume) => volume.accountId === accountId).length;
  }
}

/** @throws 535 when what is wanted goes beyond the caller's limits */
export function withinLimits(call: Call, wanted: Limits): void {
  const { account } = call.caller;
  const domain = call.cloud.table("domains").get(account.domainId);
  for (const [resource, amount] of Object.entries(wanted) as [Resource, number][]) {
    const limit = account.limits[resource];
    if (limit === undefined) continue;
    const now = used(call, resource, account.id);
    if (now + amount <= limit) continue;
    throw new ApiError(
      535,
      `Maximum amount of resources of Type = '${resource}', tag = 'null' for Account Name = ${account.name} in Domain Id = ${domain?.number ?? 1} is exceeded: Account Resource Limit = ${limit}, Current Account Resource Amount = ${now}, Current Account Resource Reservation = 0, Requested Resource Amount = ${amount}.`,
    );
  }
}
