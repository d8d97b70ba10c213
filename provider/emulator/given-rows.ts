/** Rows of what an emulated cloud has from the start: to build with, and who may. Rows are plain JSON, never changed in place. */

/** `number` is the database id that some of Mold's messages show (`VM 3 with 10.1.1.122 is already mapped`). */
export interface Row {
  readonly id: string;
  readonly number: number;
}

export interface ZoneRow extends Row {
  readonly name: string;
  readonly guestCidr: string;
}

export interface HostRow extends Row {
  readonly name: string;
  readonly zoneId: string;
  readonly state: "Up" | "Down";
  readonly cpus: number;
  readonly memoryMb: number;
}

export interface OfferingRow extends Row {
  readonly name: string;
  readonly displayText: string;
  readonly cpus: number;
  readonly cpuMhz: number;
  readonly memoryMb: number;
  /** It fixes the size of root disks. */
  readonly rootDiskGb?: number;
  readonly created: number;
}

export interface DiskOfferingRow extends Row {
  readonly name: string;
  readonly sizeGb: number;
  readonly created: number;
}

export interface TemplateRow extends Row {
  readonly name: string;
  readonly displayText: string;
  readonly type: "USER" | "SYSTEM" | "BUILTIN";
  readonly public: boolean;
  readonly osType: string;
  readonly sizeGb: number;
  readonly created: number;
}

export interface IsoRow extends Row {
  readonly name: string;
  readonly displayText: string;
  /** `1.35.4` for a Kubernetes ISO. */
  readonly kubernetesVersion?: string;
  readonly zoneId?: string;
  readonly url: string;
  readonly created: number;
}

export interface VersionRow extends Row {
  readonly name: string;
  readonly semanticVersion: string;
  readonly isoId: string;
  readonly zoneId?: string;
  readonly minCpus: number;
  readonly minMemoryMb: number;
  readonly state: "Enabled" | "Disabled";
  readonly created: number;
}

export interface NetworkOfferingRow extends Row {
  readonly name: string;
  readonly displayText: string;
  readonly guestType: "Isolated" | "Shared";
  readonly egressDefaultPolicy: boolean;
  readonly services: readonly string[];
  /** Of tiers of a VPC, whose router serves them. */
  readonly forVpc?: true;
  /** Its balancer is an appliance that asks the machines, and takes UDP; the router's does neither. */
  readonly healthChecks?: true;
  readonly created: number;
}

export interface VpcOfferingRow extends Row {
  readonly name: string;
  readonly displayText: string;
  readonly services: readonly string[];
  readonly created: number;
}

export interface DomainRow extends Row {
  readonly name: string;
  readonly path: string;
}

/** Resources that an account can be limited in; absent is unlimited. The names are those of Mold's resource types. */
export interface Limits {
  readonly user_vm?: number;
  readonly public_ip?: number;
  readonly network?: number;
  readonly volume?: number;
  readonly cpu?: number;
  /** In MiB. */
  readonly memory?: number;
}

export interface AccountRow extends Row {
  readonly name: string;
  readonly domainId: string;
  readonly admin: boolean;
  readonly limits: Limits;
  readonly created: number;
}

export interface UserRow extends Row {
  readonly name: string;
  readonly accountId: string;
  readonly apiKey: string;
  readonly secretKey: string;
  readonly created: number;
}

export interface ProjectRow extends Row {
  readonly name: string;
  readonly displayText: string;
  readonly domainId: string;
  readonly accountIds: readonly string[];
  readonly created: number;
}
