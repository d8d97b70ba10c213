/** One API call: its parameters, read and checked, and who makes it. */
import type { CatalogueCommand } from "./catalogue";
import type { Actor, Cloud } from "./cloud";
import { ApiError, badValue, forbidden } from "./errors";
import type { AccountRow, OwnedRow, ProjectRow, Row, TableName, Tables, UserRow } from "./model";

/** Which table a parameter's UUIDs are looked up in. What is not here, and not in the command's own list, is taken as it is. */
const referred: Readonly<Record<string, TableName>> = {
  zoneid: "zones",
  serviceofferingid: "offerings",
  diskofferingid: "diskOfferings",
  templateid: "templates",
  isoid: "isos",
  networkofferingid: "networkOfferings",
  networkid: "networks",
  networkids: "networks",
  associatednetworkid: "networks",
  virtualmachineid: "machines",
  virtualmachineids: "machines",
  ipaddressid: "addresses",
  publicipid: "addresses",
  affinitygroupid: "affinityGroups",
  affinitygroupids: "affinityGroups",
  kubernetesversionid: "versions",
  projectid: "projects",
  domainid: "domains",
  hostid: "hosts",
  jobid: "jobs",
  userid: "users",
  lbruleid: "balancers",
  vpcid: "vpcs",
  vpcofferingid: "vpcOfferings",
  aclid: "aclLists",
  counterid: "counters",
  vmprofileid: "scaleProfiles",
};

/** Anyone may use these; what they may see of them the commands decide. */
const shared = new Set<TableName>(["zones", "offerings", "diskOfferings", "templates", "isos", "versions", "networkOfferings", "vpcOfferings", "counters", "domains", "hosts", "accounts", "users", "projects", "jobs"]);

export interface Caller {
  readonly user: UserRow;
  readonly account: AccountRow;
}

export class Call {
  /** @param params by lower-case name */
  constructor(
    readonly cloud: Cloud,
    readonly command: string,
    readonly spec: CatalogueCommand,
    readonly params: Readonly<Record<string, string>>,
    readonly caller: Caller,
    private readonly own: Readonly<Record<string, TableName | "any">> = {},
  ) {}

  get admin(): boolean {
    return this.caller.account.admin;
  }

  /** Whom what this call makes belongs to: the caller, or the project it names. */
  get actor(): Actor {
    const projectId = this.text("projectid");
    return { userId: this.caller.user.id, accountId: this.caller.account.id, ...(projectId === undefined || projectId === "-1" ? {} : { projectId }) };
  }

  /** Owner fields for a new row. */
  get owner(): { accountId: string; projectId?: string; created: number } {
    const { accountId, projectId } = this.actor;
    return { accountId, ...(projectId === undefined ? {} : { projectId }), created: this.cloud.now() };
  }

  text(name: string): string | undefined {
    const value = this.params[name];
    return value === undefined || value === "" ? undefined : value;
  }

  need(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw missing(this.command, name);
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : value.toLowerCase() === "true";
  }

  whole(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : Number(value);
  }

  list(name: string): string[] {
    return (this.text(name) ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "");
  }

  /** `tags[0].key=a&tags[0].value=b` as `[{ key: "a", value: "b" }]`. */
  maps(name: string): Record<string, string>[] {
    const found = new Map<number, Record<string, string>>();
    for (const [key, value] of Object.entries(this.params)) {
      const match = /^([a-z0-9]+)\[(\d+)\]\.(.+)$/.exec(key);
      if (match?.[1] !== name) continue;
      const index = Number(match[2]);
      const map = found.get(index) ?? {};
      map[match[3] ?? ""] = value;
      found.set(index, map);
    }
    return [...found].sort(([a], [b]) => a - b).map(([, map]) => map);
  }

  /** The row a parameter names. Undefined: the parameter isn't there, or what it names has been removed. */
  ref<N extends TableName>(table: N, name: string): Tables[N] | undefined {
    const id = this.text(name);
    return id === undefined ? undefined : this.cloud.table(table).get(id);
  }

  /** As {@link ref} for a parameter that must be there; what is removed is as unknown as what never was. */
  must<N extends TableName>(table: N, name: string): Tables[N] {
    const id = this.need(name);
    const row = this.cloud.table(table).get(id);
    if (row === undefined) throw badValue(this.command, name, id);
    return row;
  }

  /** The database number of what is or was there under that id; 0 if nothing ever was. */
  numberOf(table: TableName, id: string): number {
    const live: Row | undefined = this.cloud.table(table).get(id);
    return live?.number ?? this.cloud.table("removed").get(id)?.number ?? 0;
  }

  /** Whether the caller may work with a row. */
  mayUse(row: { readonly accountId?: string; readonly projectId?: string }): boolean {
    if (this.admin) return true;
    if (row.projectId !== undefined) return this.cloud.table("projects").get(row.projectId)?.accountIds.includes(this.caller.account.id) === true;
    return row.accountId === this.caller.account.id;
  }

  /**
   * Whether a list shows a row: one's own, or with `listall` (and for an admin `id`, or `account`) more; those of a project
   * only when it is named. https://docs.cloudstack.apache.org/en/latest/developersguide/dev.html#list-all
   */
  shows(row: OwnedRow | { readonly accountId?: string; readonly projectId?: string; readonly id: string }): boolean {
    const project = this.text("projectid");
    if (project === "-1") return this.mayUse(row);
    if (project !== undefined) return row.projectId === project && this.mayUse(row);
    if (this.text("id") !== undefined || this.text("ids") !== undefined) return this.mayUse(row);
    if (row.projectId !== undefined) return false;
    const account = this.text("account");
    if (account !== undefined) return this.mayUse(row) && this.cloud.table("accounts").get(row.accountId ?? "")?.name === account;
    if (this.admin && this.flag("listall") === true) return true;
    return row.accountId === this.caller.account.id;
  }

  /** The 431s and the 531 that come before a command is looked at. */
  check(): void {
    const { spec, cloud } = this;
    for (const [name, param] of Object.entries(spec.params)) {
      if (param.required === true && this.text(name) === undefined && !this.hasMap(name)) throw missing(this.command, name);
    }
    for (const [name, value] of Object.entries(this.params)) {
      const bare = name.replace(/\[.*$/, "");
      const param = spec.params[bare];
      if (param === undefined) {
        if (cloud.settings.strict) throw this.unknownParameter(bare);
        continue;
      }
      if (value === "") continue;
      if (param.type === "integer" || param.type === "long") {
        if (!/^[+-]?\d+$/.test(value)) throw new ApiError(431, `Unable to execute API command ${this.command.toLowerCase()} due to invalid value ${value} for parameter ${bare}`);
      }
      if (param.maxLength !== undefined && value.length > param.maxLength && param.type === "string") {
        throw new ApiError(431, `Unable to execute API command ${this.command.toLowerCase()} due to invalid value. Invalid parameter ${bare}: its length ${value.length} exceeds the ${param.maxLength} allowed`);
      }
      const table = this.own[bare] ?? referred[bare];
      if (table === undefined || table === "any" || (bare === "projectid" && value === "-1")) continue;
      for (const id of param.type === "list" ? value.split(",") : [value]) this.checkReference(bare, id.trim(), table);
    }
    const project = this.ref("projects", "projectid");
    if (project !== undefined && !this.inProject(project)) throw forbidden();
  }

  private hasMap(name: string): boolean {
    return Object.keys(this.params).some((key) => key.startsWith(`${name}[`));
  }

  private inProject(project: ProjectRow): boolean {
    return this.admin || project.accountIds.includes(this.caller.account.id);
  }

  private checkReference(name: string, id: string, table: TableName): void {
    const row: (Row & { readonly accountId?: string; readonly projectId?: string }) | undefined = this.cloud.table(table).get(id);
    if (row === undefined && this.cloud.table("removed").get(id)?.table !== table) throw badValue(this.command, name, id);
    if (row === undefined || shared.has(table) || this.command.startsWith("list")) return;
    // A free address is nobody's; which of them may be taken is the command's matter.
    if ((table === "addresses" || table === "aclLists") && row.accountId === undefined) return;
    if (!this.mayUse(row)) throw forbidden();
  }

  private unknownParameter(name: string): ApiError {
    const known = Object.keys(this.spec.params);
    const near = known.filter((one) => one.includes(name) || name.includes(one)).slice(0, 3);
    return new ApiError(
      431,
      `${this.command} has no parameter ${name}. The embedded Mold is stricter here than a real server, which ignores it and says nothing` +
        (near.length > 0 ? `; did you mean ${near.join(" or ")}?` : ""),
    );
  }
}

function missing(command: string, name: string): ApiError {
  return new ApiError(431, `Unable to execute API command ${command.toLowerCase()} due to missing parameter ${name}`);
}
