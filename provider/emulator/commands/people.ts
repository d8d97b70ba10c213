/** Domains, accounts, users, projects. */
import { asked, equals, keyword, page, time } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { used } from "../limits";
import type { AccountRow, Limits, UserRow } from "../model";

/** Mold's names for what is limited, in account answers. */
const shownAs: Readonly<Record<keyof Limits, string>> = { user_vm: "vm", public_ip: "ip", network: "network", volume: "volume", cpu: "cpu", memory: "memory" };
/** What the emulator has none of. */
const absent = ["snapshot", "backup", "backupstorage", "template", "project", "vpc", "gpu", "primarystorage", "secondarystorage", "bucket", "objectstorage"];

function role(account: AccountRow): object {
  return account.admin
    ? { accounttype: 1, roleid: "e4050000-0000-4000-8000-000000000701", roletype: "Admin", rolename: "Root Admin" }
    : { accounttype: 0, roleid: "e4050000-0000-4000-8000-000000000704", roletype: "User", rolename: "User" };
}

function domainOf(call: Call, account: AccountRow): { domainid: string; domain: string; domainpath: string } {
  const domain = call.cloud.table("domains").get(account.domainId);
  return { domainid: account.domainId, domain: domain?.name ?? "", domainpath: domain?.path ?? "" };
}

function userAnswer(call: Call, user: UserRow, account: AccountRow): object {
  const { domainid, domain } = domainOf(call, account);
  return {
    id: user.id,
    username: user.name,
    firstname: user.name,
    lastname: account.admin ? "admin" : "user",
    email: `${user.name}@example.invalid`,
    created: time(user.created),
    state: "enabled",
    account: account.name,
    ...role(account),
    usersource: "native",
    domainid,
    domain,
    // The key is no secret; the secret key is shown nowhere.
    ...(call.admin || user.id === call.caller.user.id ? { apikey: user.apiKey } : {}),
    accountid: account.id,
    iscallerchilddomain: false,
    isdefault: account.admin,
    is2faenabled: false,
    is2famandated: false,
  };
}

function accountAnswer(call: Call, account: AccountRow): object {
  const machines = call.cloud.table("machines").filter((machine) => machine.accountId === account.id);
  const limits: Record<string, unknown> = {};
  for (const [resource, name] of Object.entries(shownAs) as [keyof Limits, string][]) {
    const total = used(call, resource, account.id);
    const limit = account.limits[resource];
    limits[`${name}limit`] = limit === undefined ? "Unlimited" : String(limit);
    limits[`${name}total`] = total;
    limits[`${name}available`] = limit === undefined ? "Unlimited" : String(limit - total);
  }
  for (const name of absent) Object.assign(limits, { [`${name}limit`]: "Unlimited", [`${name}total`]: 0, [`${name}available`]: "Unlimited" });
  return {
    id: account.id,
    name: account.name,
    ...role(account),
    ...domainOf(call, account),
    ...limits,
    vmstopped: machines.filter(({ state }) => state === "Stopped").length,
    vmrunning: machines.filter(({ state }) => state === "Running").length,
    state: "enabled",
    created: time(account.created),
    user: call.cloud.table("users").filter((user) => user.accountId === account.id).map((user) => userAnswer(call, user, account)),
    isdefault: account.admin,
    groups: [],
    apikeyaccess: "INHERIT",
  };
}

/** A plain user sees the own account alone. */
const sees = (call: Call, account: AccountRow): boolean =>
  account.id === call.caller.account.id || (call.admin && (call.flag("listall") === true || call.text("id") !== undefined || call.text("name") !== undefined || call.text("username") !== undefined));

export const peopleCommands: Commands = {
  listDomains: {
    kind: "sync",
    admin: true,
    refs: { id: "domains" },
    run: (call) =>
      page(call, "domain", call.cloud.table("domains").filter((domain) => asked(call, domain) && equals(call, "name", domain.name) && keyword(call, domain.name)), (domain) => ({
        id: domain.id,
        name: domain.name,
        level: 0,
        haschild: false,
        path: domain.path,
        state: "Active",
        hasannotations: false,
      })),
  },

  listAccounts: {
    kind: "sync",
    refs: { id: "accounts" },
    run: (call) => page(call, "account", call.cloud.table("accounts").filter((account) => asked(call, account) && sees(call, account) && equals(call, "name", account.name) && keyword(call, account.name)), (account) => accountAnswer(call, account)),
  },

  listUsers: {
    kind: "sync",
    refs: { id: "users" },
    run: (call) => {
      const users = call.cloud.table("users").all().flatMap((user) => {
        const account = call.cloud.table("accounts").get(user.accountId);
        const shown = account !== undefined && asked(call, user) && sees(call, account) && equals(call, "username", user.name) && equals(call, "account", account.name) && keyword(call, user.name);
        return shown ? [{ user, account }] : [];
      });
      return page(call, "user", users, ({ user, account }) => userAnswer(call, user, account));
    },
  },

  listProjects: {
    kind: "sync",
    refs: { id: "projects" },
    run: (call) => {
      const projects = call.cloud
        .table("projects")
        .filter((project) => asked(call, project) && (project.accountIds.includes(call.caller.account.id) || (call.admin && call.flag("listall") === true)) && equals(call, "name", project.name) && keyword(call, project.name));
      return page(call, "project", projects, (project) => {
        const domain = call.cloud.table("domains").get(project.domainId);
        return { id: project.id, name: project.name, displaytext: project.displayText, domainid: project.domainId, domain: domain?.name ?? "", state: "Active", created: time(project.created), owner: [], tags: [] };
      });
    },
  },

  listResourceLimits: {
    kind: "sync",
    run: (call) => {
      const { account } = call.caller;
      const types: readonly [string, string, keyof Limits][] = [["0", "user_vm", "user_vm"], ["1", "public_ip", "public_ip"], ["2", "volume", "volume"], ["6", "network", "network"], ["8", "cpu", "cpu"], ["9", "memory", "memory"]];
      const shown = types.filter(([type, name]) => equals(call, "resourcetype", type) && equals(call, "resourcetypename", name));
      return page(call, "resourcelimit", shown, ([type, name, resource]) => ({
        account: account.name,
        ...domainOf(call, account),
        resourcetype: type,
        resourcetypename: name,
        max: account.limits[resource] ?? -1,
      }));
    },
  },
};
