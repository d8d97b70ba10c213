/**
 * What a zone has to offer: offerings, templates, Kubernetes versions. Names and ids are taken alike; a name that isn't there is
 * answered with the nearest ones that are.
 */
import * as semver from "semver";
import { ClusterError } from "./errors";
import { nearestNames } from "./nearest-names";
import { isMoldFailure, type Answer, type CommandName, type MoldPort } from "./ports";

export interface Zone {
  readonly id: string;
  readonly name: string;
}
export interface Offering {
  readonly id: string;
  readonly name: string;
  readonly cpus: number;
  readonly memoryMb: number;
  /** It fixes the size of root disks at this. */
  readonly rootDiskGb?: number;
}
export interface Template {
  readonly id: string;
  readonly name: string;
  /** No root disk made from it is smaller. */
  readonly sizeGb: number;
}
export interface KubernetesVersion {
  readonly id: string;
  /** `1.35.4` */
  readonly version: string;
  readonly isoId: string;
  readonly usable: boolean;
  /** Why it can't be used: its ISO is not Ready, or it is Disabled. */
  readonly reason?: string;
  readonly minCpus: number;
  readonly minMemoryMb: number;
}

/** Everything is asked for when it is first needed and at most once a run. */
export class Catalogue {
  private readonly asked = new Map<string, Promise<unknown>>();

  constructor(private readonly mold: MoldPort) {}

  private once<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const known = this.asked.get(what) as Promise<T> | undefined;
    if (known) return known;
    const asking = ask();
    this.asked.set(what, asking);
    asking.catch(() => this.asked.delete(what));
    return asking;
  }

  /** What this account may do: `allowuserexpungerecovervm`, for one. */
  async capabilities(): Promise<Answer<"listCapabilities">> {
    return this.once("capabilities", () => this.mold.call("listCapabilities", {}));
  }

  /** @throws ClusterError when Mold's own Kubernetes service takes none */
  async privateRegistry(): Promise<void> {
    const { kubernetesclusterexperimentalfeaturesenabled: isOn } = await this.capabilities();
    if (isOn === false) {
      throw new ClusterError("Mold's own Kubernetes service takes none here: it is one of its experimental features, which are switched off. Have an administrator switch them on (cloud.kubernetes.cluster.experimental.features.enabled), or leave it out.", { property: "privateRegistry" });
    }
  }

  /** Which of these commands the role of this account does not have. Asked for by name: the whole list is long. */
  async withheld(commands: readonly CommandName[]): Promise<CommandName[]> {
    const mayCall = await Promise.all(commands.map((command) => this.once(`may call ${command}`, () => this.mayCall(command))));
    return commands.filter((_, at) => !mayCall[at]);
  }

  /** Mold answers for one that it does not have, or not for this account, that it found none. */
  private async mayCall(command: CommandName): Promise<boolean> {
    try {
      return (await this.mold.list("listApis", { name: command })).length > 0;
    } catch (error) {
      if (isMoldFailure(error) && (error.kind === "refused" || error.kind === "server")) return false;
      // Who may not even ask finds out as it is done.
      if (isMoldFailure(error) && error.kind === "forbidden") return true;
      throw error;
    }
  }

  async zone(wanted: string): Promise<Zone> {
    const zones = await this.once("zones", () => this.mold.list("listZones", { available: true }));
    return find("zone", wanted, zones.map(named));
  }

  async offerings(): Promise<Offering[]> {
    const offerings = await this.once("offerings", () => this.mold.list("listServiceOfferings", {}));
    return offerings.map((offering) => ({ ...named(offering), cpus: offering.cpunumber ?? 0, memoryMb: offering.memory ?? 0, ...(offering.rootdisksize ? { rootDiskGb: offering.rootdisksize } : {}) }));
  }

  async offering(wanted: string, property: string): Promise<Offering> {
    return find(property, wanted, await this.offerings(), "compute offering");
  }

  async template(wanted: string, zoneId: string): Promise<Template> {
    const templates = await this.once(`templates ${zoneId}`, () => this.mold.list("listTemplates", { templatefilter: "executable", zoneid: zoneId }));
    const template = find("template", wanted, templates.map((each) => ({ ...named(each), ready: each.isready !== false, sizeGb: (each.size ?? 0) / 2 ** 30 })));
    if (!template.ready) throw new ClusterError(`template ${wanted} is not ready in the zone yet. Wait for its download to end in Mold, or name another.`, { property: "template" });
    return template;
  }

  async networkOffering(wanted: string): Promise<{ id: string; name: string }> {
    const offerings = await this.once("network offerings", () => this.mold.list("listNetworkOfferings", { state: "Enabled" }));
    return find("networkOffering", wanted, offerings.map(named), "network offering");
  }

  /** A network of the user's own. Names of networks are not unique on Mold: two of one name are refused. */
  async network(wanted: string, zoneId: string): Promise<Answer<"listNetworks">> {
    const networks = await this.once(`networks ${zoneId}`, () => this.mold.list("listNetworks", { zoneid: zoneId }));
    const same = networks.filter(({ name }) => name === wanted);
    if (same.length > 1) {
      throw new ClusterError(`${same.length} networks are named ${wanted} (${same.map(({ id }) => id).join(", ")}). Give the id of the one you mean.`, { property: "network" });
    }
    const { id } = find("network", wanted, networks.map(named));
    return networks.find((network) => network.id === id)!;
  }

  async sshKeyPair(wanted: string): Promise<void> {
    const pairs = await this.once("key pairs", () => this.mold.list("listSSHKeyPairs", {}));
    find("sshKeyPair", wanted, pairs.map(({ name }) => ({ id: name ?? "", name: name ?? "" })), "SSH key pair");
  }

  async versions(zoneId: string): Promise<KubernetesVersion[]> {
    return this.once(`versions ${zoneId}`, () => this.versionsNow(zoneId));
  }

  /** As they are at this moment, whatever was asked before. */
  async versionsNow(zoneId: string): Promise<KubernetesVersion[]> {
    const versions = await this.mold.list("listKubernetesSupportedVersions", { zoneid: zoneId });
    return versions.map(registeredVersion);
  }

  /** `1.35.4` or the newest registered patch of `1.35`. */
  async version(wanted: string, zoneId: string): Promise<KubernetesVersion> {
    return chooseVersion(wanted, await this.versions(zoneId));
  }
}

export function registeredVersion(each: Answer<"listKubernetesSupportedVersions">): KubernetesVersion {
  const reason = unusable(each);
  return {
    id: each.id ?? "",
    version: each.semanticversion ?? "",
    isoId: each.isoid ?? "",
    usable: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    minCpus: each.mincpunumber ?? 0,
    minMemoryMb: each.minmemory ?? 0,
  };
}

/** The older one first; what is no version by its letters. */
export const compareVersions = (a: string, b: string): number => (semver.valid(a) && semver.valid(b) ? semver.compare(a, b) : a < b ? -1 : a > b ? 1 : 0);

/** Why no cluster can be made with a version, or brought to it. */
export function unusable({ state, isostate }: Pick<Answer<"listKubernetesSupportedVersions">, "state" | "isostate">): string | undefined {
  if (state !== "Enabled") return `it is ${state ?? "disabled"}`;
  return isostate === "Ready" ? undefined : `its ISO is ${isostate ?? "missing"}`;
}

/** Pure. Throws a ClusterError that names `version` and what is registered. */
export function chooseVersion(wanted: string, registered: readonly KubernetesVersion[]): KubernetesVersion {
  const found = findVersion(wanted, registered);
  if (typeof found === "string") throw new ClusterError(found, { property: "version" });
  return found;
}

/** Pure: the newest usable one, or why there is none. */
export function findVersion(wanted: string, registered: readonly KubernetesVersion[]): KubernetesVersion | string {
  const matches = registered
    .filter(({ version }) => version === wanted || version.startsWith(`${wanted}.`))
    .sort((a, b) => semver.rcompare(a.version, b.version));
  const usable = matches.find((each) => each.usable);
  if (usable) return usable;
  const all = registered.map(({ version, reason }) => (reason ? `${version} (${reason})` : version)).sort();
  const found = matches[0] ? `${matches[0].version} is registered but ${matches[0].reason}` : `no Kubernetes version ${wanted} is registered in the zone`;
  return `${found}. Registered: ${all.join(", ") || "none"}. Register its ISO in Mold (Images, Kubernetes ISOs) or choose one of these.`;
}

/** Pure: an offering that is too small for a version is refused before anything is made. */
export function offeringProblem(offering: Offering, version: KubernetesVersion): string | undefined {
  if (offering.cpus >= version.minCpus && offering.memoryMb >= version.minMemoryMb) return undefined;
  return (
    `offering ${offering.name} has ${offering.cpus} CPU cores and ${offering.memoryMb} MB; Kubernetes ${version.version} ` +
    `needs at least ${version.minCpus} and ${version.minMemoryMb} MB. Choose a larger offering.`
  );
}

/** Pure: a root disk that can't be of the declared size. */
export function rootDiskProblem(rootDiskGb: number, { offering, template }: { readonly offering?: Offering; readonly template?: Template }): string | undefined {
  if (offering?.rootDiskGb !== undefined && offering.rootDiskGb !== rootDiskGb) return `${rootDiskGb} GB are declared for root disks, and offering ${offering.name} fixes them at ${offering.rootDiskGb}. Leave rootDiskGb out, or choose an offering without a root disk size.`;
  if (template && template.sizeGb > rootDiskGb) return `is ${rootDiskGb}, and template ${template.name} has ${Math.ceil(template.sizeGb)} GB: a disk made from it is never smaller. Declare at least ${Math.ceil(template.sizeGb)}.`;
  return undefined;
}

const named = (each: { id?: string; name?: string }): { id: string; name: string } => ({ id: each.id ?? "", name: each.name ?? "" });

function find<T extends { id: string; name: string }>(property: string, wanted: string, all: readonly T[], kind = property): T {
  const found = all.find(({ id }) => id === wanted) ?? all.find(({ name }) => name === wanted);
  if (found) return found;
  const near = nearestNames(wanted, all.map(({ name }) => name));
  throw new ClusterError(
    `there is no ${kind} ${JSON.stringify(wanted)}. ${near.length ? `Nearest: ${near.join(", ")}.` : `This account sees no ${kind} at all.`}`,
    { property },
  );
}
