/** What a new emulated cloud has: zones, hosts, offerings, images, versions, accounts, addresses. */
import { randomBytes } from "node:crypto";
import type { Cloud } from "./cloud";
import { dotted, range } from "./guest-addresses";
import type { Limits } from "./model";
import type { Store } from "./store";
import { routerServices, tierServices } from "./network-services";

/** A user with an account of the same name. */
export interface UserSeed {
  readonly name: string;
  /** Root admin. Default false. */
  readonly admin?: boolean;
  /** Default: random, made once and kept. */
  readonly apiKey?: string;
  readonly secretKey?: string;
  readonly limits?: Limits;
}

/** Room for machines, per zone. */
export interface Capacity {
  /** Hosts in `zone-1`; `zone-2` has half of them, at least one. Default 6. */
  readonly hosts: number;
  /** Per host. Default 64. */
  readonly cpus: number;
  /** Per host, in MiB. Default 262,144. */
  readonly memoryMb: number;
}

export const defaultCapacity: Capacity = { hosts: 6, cpus: 64, memoryMb: 262_144 };
export const defaultUsers: readonly UserSeed[] = [{ name: "admin", admin: true }, { name: "user" }];
export const defaultPublicRange = "127.80.0.0/24";

const offerings: readonly [name: string, cpus: number, memoryMb: number][] = [
  ["Small Instance", 1, 512],
  ["Medium Instance", 1, 1024],
  ["k8s-2c-2g", 2, 2048],
  ["k8s-2c-4g", 2, 4096],
  ["k8s-4c-8g", 4, 8192],
  ["k8s-4c-16g", 4, 16_384],
  ["k8s-8c-16g", 8, 16_384],
  ["k8s-8c-32g", 8, 32_768],
];

const versions: readonly [version: string, enabled: boolean][] = [
  ["1.31.8", false],
  ["1.32.9", true],
  ["1.33.5", true],
  ["1.34.2", true],
  ["1.35.2", true],
  ["1.35.4", true],
  ["1.36.3", true],
];

export interface SeedParts {
  readonly seed: string;
  readonly users: readonly UserSeed[];
  readonly capacity: Capacity;
  readonly publicRange: string;
}

const PUBLIC_RANGE = "public range";

/** The range that a cloud was filled with. */
export function publicRangeOf(store: Store): string | undefined {
  return store.table("meta").get(PUBLIC_RANGE)?.value as string | undefined;
}

/** Fills an empty cloud; does nothing to one that has been filled. */
export function seedCloud(cloud: Cloud, parts: SeedParts): void {
  if (cloud.table("meta").get("seed") !== undefined) return;
  cloud.change(() => {
    const created = cloud.now();
    cloud.table("meta").put({ id: "seed", number: 0, value: parts.seed });
    cloud.table("meta").put({ id: PUBLIC_RANGE, number: 0, value: parts.publicRange });
    const domain = cloud.table("domains").put({ ...cloud.identity("domains"), name: "ROOT", path: "ROOT" });
    cloud.count("accounts"); // Mold's own account "system" is the first.
    const accounts = parts.users.map((user) => {
      const account = cloud.table("accounts").put({ ...cloud.identity("accounts"), name: user.name, domainId: domain.id, admin: user.admin === true, limits: user.limits ?? {}, created });
      cloud.table("users").put({
        ...cloud.identity("users"),
        name: user.name,
        accountId: account.id,
        apiKey: user.apiKey ?? randomBytes(48).toString("base64url"),
        secretKey: user.secretKey ?? randomBytes(48).toString("base64url"),
        created,
      });
      return account;
    });
    cloud.table("projects").put({ ...cloud.identity("projects"), name: "platform", displayText: "Shared by every account", domainId: domain.id, accountIds: accounts.map(({ id }) => id), created });
    seedZones(cloud, parts);
    seedOffers(cloud, created);
  });
}

function seedZones(cloud: Cloud, { capacity, publicRange }: SeedParts): void {
  const within = range(publicRange);
  if (within === undefined || within.last - within.first < 7) throw new Error(`publicRange: ${publicRange} is no range of IPv4 addresses with at least 8 of them, as 127.80.0.0/24 is`);
  const zones = ["zone-1", "zone-2"].map((name) => cloud.table("zones").put({ ...cloud.identity("zones"), name, guestCidr: "10.1.1.0/24" }));
  zones.forEach((zone, index) => {
    const hosts = index === 0 ? capacity.hosts : Math.max(1, Math.floor(capacity.hosts / 2));
    for (let n = 1; n <= hosts; n += 1) {
      cloud.table("hosts").put({ ...cloud.identity("hosts"), name: `${zone.name}-host-${n}`, zoneId: zone.id, state: "Up", cpus: capacity.cpus, memoryMb: capacity.memoryMb });
    }
  });
  // The first address is the gateway's; the last quarter belongs to the second zone.
  const border = within.first + Math.floor((within.last - within.first) * 0.75);
  for (let address = within.first + 2; address < within.last; address += 1) {
    const zone = zones[address > border ? 1 : 0];
    if (zone !== undefined) cloud.table("addresses").put({ ...cloud.identity("addresses"), address: dotted(address), zoneId: zone.id, state: "Free", sourceNat: false });
  }
}

/** What Mold has counters of, for either router (recorded). */
const counters = [
  ["VM CPU - average percentage", "CPU", "vm.cpu.average.percentage"],
  ["VM Memory - average percentage", "MEMORY", "vm.memory.average.percentage"],
  ["Public Network - mbps received per vm", "VIRTUALROUTER", "public.network.received.average.mbps"],
  ["Public Network - mbps transmit per vm", "VIRTUALROUTER", "public.network.transmit.average.mbps"],
  ["Load Balancer - average connections per vm", "VIRTUALROUTER", "virtual.network.lb.average.connections"],
] as const;

function seedOffers(cloud: Cloud, created: number): void {
  for (const [name, cpus, memoryMb] of offerings) cloud.table("offerings").put({ ...cloud.identity("offerings"), name, displayText: name, cpus, cpuMhz: 2000, memoryMb, created });
  for (const [name, sizeGb] of [["Small", 5], ["Medium", 20], ["Large", 100]] as const) cloud.table("diskOfferings").put({ ...cloud.identity("diskOfferings"), name, sizeGb, created });

  const template = (name: string, displayText: string, type: "USER" | "SYSTEM", osType: string): void => {
    cloud.table("templates").put({ ...cloud.identity("templates"), name, displayText, type, public: type === "USER", osType, sizeGb: 10, created });
  };
  template("SystemVM Template (KVM)", "SystemVM Template (KVM)", "SYSTEM", "Debian GNU/Linux 12 (64-bit)");
  template("debian-13-containerd", "Debian 13 cloud image with containerd", "USER", "Debian GNU/Linux 13 (64-bit)");
  template("ubuntu-24.04-containerd", "Ubuntu 24.04 cloud image with containerd", "USER", "Ubuntu 24.04 LTS");

  const offering = (name: string, displayText: string, guestType: "Isolated" | "Shared", egressDefaultPolicy: boolean, services: readonly string[], more: { readonly forVpc?: true; readonly healthChecks?: true } = {}): void => {
    cloud.table("networkOfferings").put({ ...cloud.identity("networkOfferings"), name, displayText, guestType, egressDefaultPolicy, services, ...more, created });
  };
  offering("DefaultIsolatedNetworkOfferingWithSourceNatService", "Offering for Isolated networks with Source Nat service enabled", "Isolated", false, routerServices);
  offering("DefaultIsolatedNetworkOffering", "Offering for Isolated networks with no Source Nat service", "Isolated", false, ["Dns", "Dhcp", "UserData"]);
  offering("DefaultNetworkOfferingforKubernetesService", "Network Offering used for CloudStack Kubernetes service", "Isolated", true, routerServices);
  offering("DefaultSharedNetworkOffering", "Offering for Shared networks", "Shared", false, ["Dns", "Dhcp", "UserData"]);
  offering("IsolatedNetworkOfferingWithBalancerAppliance", "Offering for Isolated networks whose balancer is an appliance", "Isolated", true, routerServices, { healthChecks: true });
  offering("DefaultIsolatedNetworkOfferingForVpcNetworks", "Offering for Isolated Vpc networks with Source Nat service enabled", "Isolated", true, tierServices, { forVpc: true });
  cloud.table("vpcOfferings").put({ ...cloud.identity("vpcOfferings"), name: "Default VPC offering", displayText: "Default VPC offering", services: tierServices, created });
  for (const provider of ["VirtualRouter", "VpcVirtualRouter"]) {
    for (const [name, source, value] of counters) cloud.table("counters").put({ ...cloud.identity("counters"), name, source, value, provider });
  }
  for (const [name, description] of [["default_deny", "Default Network ACL Deny All"], ["default_allow", "Default Network ACL Allow All"]] as const) {
    cloud.table("aclLists").put({ ...cloud.identity("aclLists"), name, description, created });
  }

  for (const [semanticVersion, enabled] of versions) {
    const name = `v${semanticVersion}`;
    const isoName = `${name}-Kubernetes-Binaries-ISO`;
    const iso = cloud.table("isos").put({ ...cloud.identity("isos"), name: isoName, displayText: isoName, kubernetesVersion: semanticVersion, url: `http://127.0.0.1/${name}.iso`, created });
    cloud.table("versions").put({ ...cloud.identity("versions"), name, semanticVersion, isoId: iso.id, minCpus: 2, minMemoryMb: 2048, state: enabled ? "Enabled" : "Disabled", created });
  }
}

/** Enables the Kubernetes versions that there is an ISO of, and disables the others. */
export function enableVersions(cloud: Cloud, offers: (version: string) => boolean): void {
  cloud.change(() => {
    for (const { id, semanticVersion } of cloud.table("versions").all()) cloud.table("versions").patch(id, { state: offers(semanticVersion) ? "Enabled" : "Disabled" });
  });
}
