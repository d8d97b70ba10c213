/** What exists, in a form in which two clouds can be compared: no ids, no times, nothing that hangs on the order of making. */
import type { Hypervisor, Json } from "./hypervisor";
import type { TableName } from "./model";
import type { Store } from "./store";

/**
 * Left out of a snapshot: ids and numbers; times; guest and MAC addresses, hosts and VLANs (they follow the order in which
 * things were made); user data (it carries keys); events and jobs (they are history); what was there from the start.
 */
export const leftOut = ["id", "number", "created", "allocated", "lastUpdated", "destroyed", "guestIp", "mac", "nicId", "hostId", "vlan", "volumeId", "userId", "instanceName", "userData", "details"] as const;

const tables = ["vpcs", "aclLists", "aclItems", "networks", "addresses", "firewallRules", "forwards", "balancers", "stickiness", "healthChecks", "conditions", "scalePolicies", "scaleProfiles", "scaleGroups", "machines", "volumes", "affinityGroups", "keyPairs", "tags", "annotations", "clusters"] as const satisfies readonly TableName[];

/** Canonical JSON of everything that an account made. Equal text: equal clouds, but for what {@link leftOut} lists. */
export function snapshot(store: Store, hypervisor: Hypervisor): string {
  const names = nameIndex(store);
  const shown: Record<string, Json> = {};
  for (const table of tables) {
    const rows = store
      .table(table)
      .filter((row) => (row as { accountId?: string }).accountId !== undefined)
      .map((row) => canonical(row as unknown as Record<string, unknown>, names, table));
    shown[table] = rows.map((row) => JSON.stringify(row)).sort().map((text) => JSON.parse(text) as Json);
  }
  const inside = hypervisor.snapshot?.();
  if (inside !== undefined) shown.hypervisor = inside;
  return JSON.stringify(shown, null, 2);
}

/** Whether nothing is left of what accounts (or the one with that name) make. Destroyed machines count until they are expunged. */
export function isEmpty(store: Store, account?: string): boolean {
  const accountId = account === undefined ? undefined : store.table("accounts").find(({ name }) => name === account)?.id;
  return tables.every((table) => store.table(table).find((row) => {
    const owner = (row as { accountId?: string }).accountId;
    return owner !== undefined && (account === undefined || owner === accountId);
  }) === undefined);
}

/** What an id is called in a snapshot. */
function nameIndex(store: Store): Map<string, string> {
  const names = new Map<string, string>();
  for (const table of ["zones", "offerings", "templates", "isos", "versions", "networkOfferings", "accounts", "projects", "vpcOfferings", "vpcs", "aclLists", "networks", "machines", "counters", "scalePolicies", "scaleGroups", "balancers", "affinityGroups", "keyPairs", "clusters"] as const) {
    for (const row of store.table(table).all()) names.set(row.id, `${table}:${row.name}`);
  }
  for (const rule of store.table("firewallRules").all()) names.set(rule.id, `firewallRules:${rule.direction} ${rule.protocol} ${rule.startPort ?? ""}-${rule.endPort ?? ""} ${rule.cidrs.join(",")}`);
  for (const item of store.table("aclItems").all()) names.set(item.id, `aclItems:${item.direction} ${item.place} of ${names.get(item.aclId) ?? ""}`);
  for (const one of store.table("conditions").all()) names.set(one.id, `conditions:${names.get(one.counterId) ?? ""} ${one.operator} ${one.threshold}`);
  for (const one of store.table("scaleProfiles").all()) names.set(one.id, `scaleProfiles:${names.get(one.offeringId) ?? ""} ${names.get(one.templateId) ?? ""}`);
  for (const rule of store.table("forwards").all()) names.set(rule.id, `forwards:${rule.protocol} ${rule.publicPort}`);
  // Which address of the range it is hangs on the order of making; what it is for does not.
  for (const address of store.table("addresses").all()) names.set(address.id, `addresses:${address.sourceNat ? "source NAT" : "address"} of ${names.get(address.networkId ?? "") ?? "nothing"}`);
  for (const volume of store.table("volumes").all()) names.set(volume.id, `volumes:of ${names.get(volume.machineId) ?? ""}`);
  return names;
}

function canonical(row: Record<string, unknown>, names: Map<string, string>, table: string): Json {
  const skipped = new Set<string>([...leftOut, ...(table === "addresses" ? ["address"] : table === "volumes" ? ["name"] : [])]);
  const shown: Record<string, Json> = {};
  for (const key of Object.keys(row).sort()) {
    const value = row[key];
    if (skipped.has(key) || value === undefined) continue;
    shown[key] = named(value, names);
  }
  // What the service keeps apart of a cluster is keys, and where its API is follows from the address that was free.
  const { details: _details, endpoint: _endpoint, ...managed } = (shown.managed ?? {}) as Record<string, Json>;
  return shown.managed === undefined ? shown : { ...shown, managed };
}

function named(value: unknown, names: Map<string, string>): Json {
  if (typeof value === "string") return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => named(item, names)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, named(item, names)]));
  }
  return value as Json;
}
