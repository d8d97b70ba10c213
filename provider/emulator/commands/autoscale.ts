/** Autoscaling of what is behind a balancer rule: counters, conditions, policies, profiles and groups. Words of refusals: upstream's AutoScaleManagerImpl. */
import { asked, equals, keyword, owner, page, time } from "../answers";
import { Call } from "../call";
import { catalogued } from "../catalogue";
import type { AsyncCommand, Commands } from "../command";
import { internal, invalid } from "../errors";
import type { ConditionRow, CounterRow, ScaleGroupRow, ScalePolicyRow, ScaleProfileRow } from "../model";
import { expunge, powerOn } from "../power";
import { deploy, place } from "./deploy";

const shownCounter = ({ id, name, source, value, provider }: CounterRow): object => ({ id, name, source, value, provider });

function shownCondition(call: Call, row: ConditionRow): object {
  const counter = call.cloud.table("counters").get(row.counterId);
  return { id: row.id, threshold: row.threshold, relationaloperator: row.operator, counterid: row.counterId, countername: counter?.name ?? "", ...(counter === undefined ? {} : { counter: shownCounter(counter) }), ...owner(call.cloud, row) };
}

const shownPolicy = (call: Call, row: ScalePolicyRow): object => ({
  id: row.id,
  name: row.name,
  action: row.action,
  duration: row.duration,
  quiettime: row.quietTime,
  conditions: row.conditionIds.flatMap((id) => call.cloud.table("conditions").get(id) ?? []).map((condition) => shownCondition(call, condition)),
  ...owner(call.cloud, row),
});

const shownProfile = (call: Call, row: ScaleProfileRow): object => ({
  id: row.id,
  zoneid: row.zoneId,
  serviceofferingid: row.offeringId,
  templateid: row.templateId,
  otherdeployparams: row.deployParams,
  expungevmgraceperiod: row.graceSeconds,
  ...(row.userData === undefined ? {} : { userdata: row.userData }),
  fordisplay: true,
  ...owner(call.cloud, row),
});

function shownGroup(call: Call, row: ScaleGroupRow): object {
  const { cloud } = call;
  const rule = cloud.table("balancers").get(row.balancerId);
  const network = cloud.table("networks").get(rule?.networkId ?? "");
  const policies = (ids: readonly string[]): object[] => ids.flatMap((id) => cloud.table("scalePolicies").get(id) ?? []).map((policy) => shownPolicy(call, policy));
  return {
    id: row.id,
    name: row.name,
    lbruleid: row.balancerId,
    vmprofileid: row.profileId,
    minmembers: row.min,
    maxmembers: row.max,
    interval: row.interval,
    availablevirtualmachinecount: row.machineIds.length,
    scaleuppolicies: policies(row.upIds),
    scaledownpolicies: policies(row.downIds),
    state: row.state,
    ...owner(cloud, row),
    publicipid: rule?.addressId ?? "",
    publicip: cloud.table("addresses").get(rule?.addressId ?? "")?.address ?? "",
    publicport: String(rule?.publicPort ?? ""),
    privateport: String(rule?.privatePort ?? ""),
    associatednetworkid: network?.id ?? "",
    associatednetworkname: network?.name ?? "",
    lbprovider: network?.vpcId === undefined ? "VirtualRouter" : "VpcVirtualRouter",
    fordisplay: true,
    hasannotations: false,
    created: time(row.created),
  };
}

/** As many machines as it must have at least and may have at most; it makes and destroys them itself. */
function keepWithin(call: Call, group: ScaleGroupRow): ScaleGroupRow {
  const { cloud } = call;
  let { machineIds, sequence } = group;
  const rule = cloud.table("balancers").get(group.balancerId);
  const profile = cloud.table("scaleProfiles").get(group.profileId);
  if (group.state !== "ENABLED" || rule === undefined || profile === undefined) return group;
  while (machineIds.length < group.min) {
    sequence += 1;
    const params = { zoneid: profile.zoneId, serviceofferingid: profile.offeringId, templateid: profile.templateId, networkids: rule.networkId, name: `autoScaleVm-${group.name}-${sequence}`.slice(0, 63), ...profile.deployParams, ...(profile.userData === undefined ? {} : { userdata: profile.userData }) };
    const sub = new Call(cloud, "deployVirtualMachine", catalogued("deployVirtualMachine")!.command, params, call.caller);
    const { id } = deploy.begin(sub);
    place(sub, { instanceId: id } as Parameters<typeof place>[1]);
    powerOn(cloud, cloud.table("machines").get(id!)!);
    machineIds = [...machineIds, id!];
  }
  for (const id of machineIds.slice(group.max)) destroy(call, id);
  machineIds = machineIds.slice(0, group.max);
  cloud.table("balancers").patch(rule.id, { memberIds: machineIds, state: "Active" });
  return cloud.table("scaleGroups").patch(group.id, { machineIds, sequence });
}

function destroy({ cloud }: Call, id: string): void {
  const machine = cloud.table("machines").get(id);
  if (machine !== undefined) expunge(cloud, machine);
}

/** What a group takes of each direction's policies. */
function policiesOf(call: Call, name: string, action: "SCALEUP" | "SCALEDOWN", interval: number): string[] {
  const ids = call.list(name);
  if (ids.length === 0) throw invalid(`AutoScale VM group must have at least one ${action === "SCALEUP" ? "ScaleUp" : "ScaleDown"} policy`);
  refuseUnfit(call, ids, name, action, interval);
  return ids;
}

function refuseUnfit(call: Call, ids: readonly string[], name: string, action: "SCALEUP" | "SCALEDOWN", interval: number): void {
  for (const id of ids) {
    const policy = call.cloud.table("scalePolicies").get(id);
    if (policy === undefined) throw invalid("Unable to find AutoScale Policy");
    if (policy.duration < interval) throw invalid(`duration : ${policy.duration} specified in a policy cannot be less than vm group's interval : ${interval}`);
    if (policy.action !== action) throw invalid(`Only ${action.toLowerCase()} policies can be specified in ${name}`);
  }
}

function checkMembers(min: number, max: number): void {
  if (min <= 0) throw invalid(`minmembers is an invalid value: ${min}`);
  if (max <= 0) throw invalid(`maxmembers is an invalid value: ${max}`);
  if (min > max) throw invalid(`minmembers (${min})cannot be greater than maxmembers (${max})`);
}

type Made = "counters" | "conditions" | "scalePolicies" | "scaleProfiles" | "scaleGroups";

/** A create whose row is there from the start and goes again when its job fails. */
function creating(table: Made, key: string, show: (call: Call, id: string) => object, put: (call: Call) => { id: string }): AsyncCommand {
  return {
    kind: "async",
    begin(call) {
      const { id } = put(call);
      return { id, instanceType: "None", ms: call.cloud.durations.autoscale, made: { rowId: id } };
    },
    finish(call, job) {
      if (call.cloud.table(table).get(job.made.rowId ?? "") === undefined) throw internal(`Failed to create ${key}`);
      return { [key]: show(call, job.made.rowId!) };
    },
    failed(call, job) {
      const row = call.cloud.table(table).get(job.made.rowId ?? "");
      if (row !== undefined) call.cloud.drop(table, row);
    },
  };
}

function removing(table: Exclude<Made, "scaleGroups">, what: string, used: (call: Call, id: string) => string | undefined): AsyncCommand {
  return {
    kind: "async",
    refs: { id: table },
    begin: (call) => ({ ms: call.cloud.durations.autoscale }),
    finish(call) {
      const row = call.ref(table, "id");
      if (row === undefined) throw invalid(`Unable to find ${what}`);
      const refusal = used(call, row.id);
      if (refusal !== undefined) throw internal(refusal);
      call.cloud.drop(table, row);
      return { success: true };
    },
  };
}

/** A change of what a group uses: it has to be disabled. */
function changing(table: Made, what: string, groups: (call: Call, id: string) => ScaleGroupRow[], refusal: string, change: (call: Call) => object): AsyncCommand {
  return {
    kind: "async",
    refs: { id: table },
    begin: (call) => ({ ms: call.cloud.durations.autoscale }),
    finish(call) {
      const row = call.ref(table, "id");
      if (row === undefined) throw invalid(`Unable to find ${what}`);
      if (groups(call, row.id).some(({ state }) => state !== "DISABLED")) throw invalid(refusal);
      return change(call);
    },
  };
}

const groupsWith = (call: Call, uses: (group: ScaleGroupRow) => boolean): ScaleGroupRow[] => call.cloud.table("scaleGroups").filter(uses);
const one = <N extends Made>(call: Call, table: N, id: string): ReturnType<ReturnType<typeof call.cloud.table<N>>["get"]> => call.cloud.table(table).get(id);

const toggle = (state: "ENABLED" | "DISABLED"): AsyncCommand => ({
  kind: "async",
  refs: { id: "scaleGroups" },
  begin: (call) => ({ ms: call.cloud.durations.changeBalancer }),
  finish(call) {
    const group = call.ref("scaleGroups", "id");
    if (group === undefined) throw invalid("Unable to find AutoScale Vm Group");
    return { autoscalevmgroup: shownGroup(call, keepWithin(call, call.cloud.table("scaleGroups").patch(group.id, { state }))) };
  },
});

const listed = <N extends Made>(table: N, key: string, fits: (call: Call, row: NonNullable<ReturnType<typeof one<N>>>) => boolean, show: (call: Call, id: string) => object): Commands[string] => ({
  kind: "sync",
  refs: { id: table },
  run: (call) => {
    const rows = call.cloud.table(table).filter((row) => asked(call, row) && fits(call, row as NonNullable<ReturnType<typeof one<N>>>));
    return page(call, key, rows.reverse(), ({ id }) => show(call, id));
  },
});

export const autoscaleCommands: Commands = {
  listCounters: {
    kind: "sync",
    key: "counterresponse",
    refs: { id: "counters" },
    run: (call) => page(call, "counter", call.cloud.table("counters").filter((row) => asked(call, row) && equals(call, "name", row.name) && equals(call, "source", row.source) && equals(call, "provider", row.provider) && keyword(call, row.name)), shownCounter),
  },
  createCounter: { ...creating("counters", "counter", (call, id) => shownCounter(call.cloud.table("counters").get(id)!), (call) => call.cloud.table("counters").put({ ...call.cloud.identity("counters"), name: call.need("name"), source: call.need("source").toUpperCase(), value: call.need("value"), provider: call.need("provider") })), admin: true },
  deleteCounter: { ...removing("counters", "Counter", (call, id) => (call.cloud.table("conditions").find(({ counterId }) => counterId === id) === undefined ? undefined : "Counter is in use.")), admin: true },

  createCondition: creating("conditions", "condition", (call, id) => shownCondition(call, call.cloud.table("conditions").get(id)!), (call) => {
    const operator = call.need("relationaloperator").toUpperCase();
    if (!["EQ", "GT", "GE", "LT", "LE"].includes(operator)) throw invalid(`The Operator ${operator} does not exist; Unable to create Condition.`);
    const threshold = call.whole("threshold") ?? 0;
    if (threshold < 0) throw invalid(`The threshold ${threshold} must be equal to or greater than 0.`);
    return call.cloud.table("conditions").put({ ...call.cloud.identity("conditions"), ...call.owner, counterId: call.must("counters", "counterid").id, operator, threshold });
  }),
  deleteCondition: removing("conditions", "Condition", (call, id) => (call.cloud.table("scalePolicies").find(({ conditionIds }) => conditionIds.includes(id)) === undefined ? undefined : "Cannot delete Condition when it is in use by one or more AutoScale Policies.")),
  listConditions: listed("conditions", "condition", (call, row) => call.shows(row) && equals(call, "counterid", row.counterId) && (call.text("policyid") === undefined || call.cloud.table("scalePolicies").get(call.need("policyid"))?.conditionIds.includes(row.id) === true), (call, id) => shownCondition(call, call.cloud.table("conditions").get(id)!)),

  createAutoScalePolicy: creating("scalePolicies", "autoscalepolicy", (call, id) => shownPolicy(call, call.cloud.table("scalePolicies").get(id)!), (call) => {
    const action = call.need("action").toUpperCase();
    if (action !== "SCALEUP" && action !== "SCALEDOWN") throw invalid("action is invalid. Supported actions are: [SCALEUP, SCALEDOWN]");
    return call.cloud.table("scalePolicies").put({ ...call.cloud.identity("scalePolicies"), ...call.owner, name: call.text("name") ?? "", action, duration: call.whole("duration") ?? 0, quietTime: call.whole("quiettime") ?? 300, conditionIds: conditions(call) });
  }),
  updateAutoScalePolicy: changing("scalePolicies", "Auto Scale Policy", (call, id) => groupsWith(call, ({ upIds, downIds }) => upIds.includes(id) || downIds.includes(id)), "The AutoScale Policy can be updated only if the Vm Group it is associated with is disabled in state", (call) => {
    const row = call.must("scalePolicies", "id");
    const duration = call.whole("duration") ?? row.duration;
    if (groupsWith(call, ({ upIds, downIds, interval }) => duration < interval && [...upIds, ...downIds].includes(row.id)).length > 0) throw invalid("duration is less than the associated AutoScaleVmGroup's interval");
    call.cloud.table("scalePolicies").patch(row.id, { duration, quietTime: call.whole("quiettime") ?? row.quietTime, ...(call.text("name") === undefined ? {} : { name: call.need("name") }), ...(call.text("conditionids") === undefined ? {} : { conditionIds: conditions(call) }) });
    return { autoscalepolicy: shownPolicy(call, call.must("scalePolicies", "id")) };
  }),
  deleteAutoScalePolicy: removing("scalePolicies", "AutoScale Policy", (call, id) => (groupsWith(call, ({ upIds, downIds }) => upIds.includes(id) || downIds.includes(id)).length === 0 ? undefined : "Cannot delete AutoScale Policy when it is in use by one or more AutoScale Vm Groups")),
  listAutoScalePolicies: listed("scalePolicies", "autoscalepolicy", (call, row) => call.shows(row) && equals(call, "name", row.name) && equals(call, "action", row.action), (call, id) => shownPolicy(call, call.cloud.table("scalePolicies").get(id)!)),

  createAutoScaleVmProfile: creating("scaleProfiles", "autoscalevmprofile", (call, id) => shownProfile(call, call.cloud.table("scaleProfiles").get(id)!), (call) =>
    call.cloud.table("scaleProfiles").put({ ...call.cloud.identity("scaleProfiles"), ...call.owner, zoneId: call.must("zones", "zoneid").id, offeringId: call.must("offerings", "serviceofferingid").id, templateId: call.must("templates", "templateid").id, deployParams: deployParams(call), graceSeconds: call.whole("expungevmgraceperiod") ?? 60, userData: call.text("userdata") }),
  ),
  updateAutoScaleVmProfile: changing("scaleProfiles", "Auto Scale Vm Profile", (call, id) => groupsWith(call, ({ profileId }) => profileId === id), "The AutoScale Vm Profile can be updated only if the Vm Group it is associated with is disabled in state", (call) => {
    const row = call.must("scaleProfiles", "id");
    call.cloud.table("scaleProfiles").patch(row.id, { offeringId: call.text("serviceofferingid") ?? row.offeringId, templateId: call.text("templateid") ?? row.templateId, graceSeconds: call.whole("expungevmgraceperiod") ?? row.graceSeconds, userData: call.text("userdata") ?? row.userData, ...(call.maps("otherdeployparams").length > 0 ? { deployParams: deployParams(call) } : {}) });
    return { autoscalevmprofile: shownProfile(call, call.must("scaleProfiles", "id")) };
  }),
  deleteAutoScaleVmProfile: removing("scaleProfiles", "AutoScale Vm Profile", (call, id) => (groupsWith(call, ({ profileId }) => profileId === id).length === 0 ? undefined : "Cannot delete AutoScale Vm Profile when it is in use by one more vm groups")),
  listAutoScaleVmProfiles: listed("scaleProfiles", "autoscalevmprofile", (call, row) => call.shows(row) && equals(call, "templateid", row.templateId) && equals(call, "serviceofferingid", row.offeringId), (call, id) => shownProfile(call, call.cloud.table("scaleProfiles").get(id)!)),

  createAutoScaleVmGroup: {
    ...creating("scaleGroups", "autoscalevmgroup", (call, id) => shownGroup(call, keepWithin(call, call.cloud.table("scaleGroups").patch(id, { state: "ENABLED" }))), (call) => {
      const { cloud } = call;
      const rule = call.must("balancers", "lbruleid");
      if (groupsWith(call, ({ balancerId }) => balancerId === rule.id).length > 0) throw invalid("an AutoScaleVmGroup is already attached to the lb rule, the existing vm group has to be first deleted");
      if (rule.memberIds.length > 0) throw invalid("there are Vms already bound to the specified LoadBalancing Rule. User bound Vms and AutoScaled Vm Group cannot co-exist on a Load Balancing Rule");
      const name = call.text("name") ?? "";
      if (!/^[a-z0-9-]{1,255}$/i.test(name)) throw invalid("Invalid AutoScale VM group name. It can contain the ASCII letters 'a' through 'z', 'A' through 'Z', the digits '0' through '9' and the hyphen ('-'), must be between 1 and 255 characters long.");
      const [min, max, interval] = [call.whole("minmembers") ?? 0, call.whole("maxmembers") ?? 0, call.whole("interval") ?? 30];
      checkMembers(min, max);
      const [upIds, downIds] = [policiesOf(call, "scaleuppolicyids", "SCALEUP", interval), policiesOf(call, "scaledownpolicyids", "SCALEDOWN", interval)];
      return cloud.table("scaleGroups").put({ ...cloud.identity("scaleGroups"), ...call.owner, name, balancerId: rule.id, profileId: call.must("scaleProfiles", "vmprofileid").id, min, max, interval, upIds, downIds, machineIds: [], sequence: 0, state: "NEW" });
    }),
  },
  updateAutoScaleVmGroup: {
    kind: "async",
    refs: { id: "scaleGroups" },
    begin: (call) => ({ ms: call.cloud.durations.autoscale }),
    finish(call) {
      const row = call.ref("scaleGroups", "id");
      if (row === undefined) throw invalid("Unable to find AutoScale Vm Group");
      const lists = [call.text("scaleuppolicyids"), call.text("scaledownpolicyids")];
      const isPhysical = [call.whole("minmembers"), call.whole("maxmembers"), ...lists].some((each) => each !== undefined) || (call.whole("interval") ?? row.interval) !== row.interval;
      if (isPhysical && row.state !== "DISABLED") throw invalid("An AutoScale Vm Group can be updated with minMembers/maxMembers/Interval only when it is in disabled state");
      const [min, max, interval] = [call.whole("minmembers") ?? row.min, call.whole("maxmembers") ?? row.max, call.whole("interval") ?? row.interval];
      checkMembers(min, max);
      // What is not given stays, and has to fit all the same.
      const linked = (name: string, action: "SCALEUP" | "SCALEDOWN", now: readonly string[]): readonly string[] => {
        if (call.text(name) !== undefined) return policiesOf(call, name, action, interval);
        refuseUnfit(call, now, name, action, interval);
        return now;
      };
      const [upIds, downIds] = [linked("scaleuppolicyids", "SCALEUP", row.upIds), linked("scaledownpolicyids", "SCALEDOWN", row.downIds)];
      return { autoscalevmgroup: shownGroup(call, call.cloud.table("scaleGroups").patch(row.id, { min, max, interval, upIds, downIds })) };
    },
  },
  enableAutoScaleVmGroup: toggle("ENABLED"),
  disableAutoScaleVmGroup: toggle("DISABLED"),
  deleteAutoScaleVmGroup: {
    kind: "async",
    refs: { id: "scaleGroups" },
    begin: (call) => ({ ms: call.cloud.durations.changeBalancer }),
    finish(call) {
      const row = call.ref("scaleGroups", "id");
      if (row === undefined) throw invalid("Unable to find AutoScale Vm Group");
      const cleanup = call.flag("cleanup") === true;
      if (row.state !== "DISABLED" && !cleanup) throw invalid(`Cannot delete autoscale vm group id : ${row.number} because it is in ${row.state} state. Please disable it or pass cleanup=true flag which will destroy all VMs.`);
      if (row.machineIds.length > 0 && !cleanup) throw invalid(`Cannot delete autoscale vm group id : ${row.number} because there are ${row.machineIds.length} VMs. Please remove the VMs or pass cleanup=true flag which will destroy all VMs.`);
      for (const id of row.machineIds) destroy(call, id);
      call.cloud.drop("scaleGroups", row);
      return { success: true };
    },
  },
  listAutoScaleVmGroups: listed("scaleGroups", "autoscalevmgroup", (call, row) => call.shows(row) && equals(call, "lbruleid", row.balancerId) && equals(call, "vmprofileid", row.profileId) && equals(call, "name", row.name), (call, id) => shownGroup(call, call.cloud.table("scaleGroups").get(id)!)),
};

function conditions(call: Call): string[] {
  const ids = call.list("conditionids");
  if (ids.length === 0) throw invalid("AutoScale policy must have at least one condition");
  const counters = ids.map((id) => call.cloud.table("conditions").get(id)?.counterId);
  if (counters.includes(undefined)) throw invalid("Unable to find the condition specified");
  if (new Set(counters).size < counters.length) throw invalid("at least two conditions in the conditionids have the same counter. It is not right to apply two different conditions for the same counter");
  return ids;
}

const supported = ["rootdisksize", "diskofferingid", "disksize", "securitygroupids", "overridediskofferingid", "keypairs", "affinitygroupids", "networkids"];

function deployParams(call: Call): Record<string, string> {
  const params = Object.fromEntries(call.maps("otherdeployparams").map(({ name = "", value = "" }) => [name, value]));
  for (const name of Object.keys(params)) if (!supported.includes(name)) throw invalid(`Unsupported otherdeployparams key: ${name}. Supported values are [${supported.join(", ")}]`);
  return params;
}
