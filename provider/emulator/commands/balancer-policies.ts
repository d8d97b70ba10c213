/** What a balancer rule is given beside its members: stickiness, and health checks where the network's balancer makes them. */
import { asked, ownerWithoutPath, page } from "../answers";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { ApiError, internal, invalid } from "../errors";
import type { BalancerRow, HealthCheckRow, StickinessRow } from "../model";
import { stickinessParameters } from "../network-services";

const belongs = (call: Call, rule: BalancerRow): object => ({ lbruleid: rule.id, ...ownerWithoutPath(call.cloud, rule) });

const shownStickiness = ({ id, name, method, params, description }: StickinessRow): object => ({ id, name, methodname: method, ...(description === undefined ? {} : { description }), fordisplay: true, params });

const shownCheck = (row: HealthCheckRow): object => ({
  id: row.id,
  pingpath: row.path,
  responsetime: row.timeout,
  healthcheckinterval: row.interval,
  healthcheckthresshold: row.healthy,
  unhealthcheckthresshold: row.unhealthy,
  state: "Active",
  ...(row.description === undefined ? {} : { description: row.description }),
  fordisplay: true,
});

/** The rule that a list is about: named itself, or by one of its policies. */
function ruleOf(call: Call, table: "stickiness" | "healthChecks", what: string): BalancerRow | undefined {
  const id = call.text("id");
  if (id === undefined && call.text("lbruleid") === undefined) throw invalid(`load balancer rule ID and ${what} ID can't be both null`);
  const lbId = call.text("lbruleid") ?? call.cloud.table(table).get(id ?? "")?.balancerId;
  const rule = call.cloud.table("balancers").get(lbId ?? "");
  return rule !== undefined && call.mayUse(rule) ? rule : undefined;
}

const createStickiness: AsyncCommand = {
  kind: "async",
  key: "createLBStickinessPolicy",
  begin(call) {
    const { cloud } = call;
    const rule = call.must("balancers", "lbruleid");
    const known = stickinessParameters[call.need("methodname")];
    if (known === undefined) throw invalid(`Failed to match Stickiness method name for LB rule:${rule.number}`);
    const params = Object.fromEntries(call.maps("param").map(({ name = "", value = "" }) => [name, value]));
    for (const name of Object.keys(params)) if (!known.includes(name)) throw invalid(`Failed : unknown param ${name} for the stickiness method`);
    if (cloud.table("stickiness").filter(({ balancerId }) => balancerId === rule.id).length > 1) throw invalid(`Failed to create Stickiness policy: Already two policies attached ${rule.number}`);
    const row = cloud.table("stickiness").put({ ...cloud.identity("stickiness"), ...call.owner, balancerId: rule.id, name: call.need("name"), method: call.need("methodname"), params, description: call.text("description") });
    return { id: row.id, instanceType: "None", ms: cloud.durations.changeBalancer, made: { policyId: row.id } };
  },
  finish(call, job) {
    const row = call.cloud.table("stickiness").get(job.made.policyId ?? "");
    const rule = call.cloud.table("balancers").get(row?.balancerId ?? "");
    if (row === undefined || rule === undefined) throw internal("Failed to create stickiness policy ");
    return { stickinesspolicies: { ...belongs(call, rule), stickinesspolicy: [shownStickiness(row)] } };
  },
  failed(call, job) {
    const row = call.cloud.table("stickiness").get(job.made.policyId ?? "");
    if (row !== undefined) call.cloud.drop("stickiness", row);
  },
};

const createCheck: AsyncCommand = {
  kind: "async",
  begin(call) {
    const { cloud } = call;
    const rule = call.must("balancers", "lbruleid");
    const [interval, timeout] = [call.whole("intervaltime") ?? 5, call.whole("responsetimeout") ?? 2];
    // An invalid parameter of this command is answered as a malformed one (recorded).
    const refused = (text: string): ApiError => new ApiError(430, text);
    if (timeout > interval) throw refused("Failed to create HealthCheck policy : Monitor interval must be greater than response timeout");
    const network = cloud.table("networks").get(rule.networkId);
    if (cloud.table("networkOfferings").get(network?.networkOfferingId ?? "")?.healthChecks !== true) {
      const text = JSON.stringify({ name: rule.name, id: rule.number, purpose: "LoadBalancing", state: rule.state, uuid: rule.id });
      throw refused(`Failed to create HealthCheck policy: Validation Failed (HealthCheck Policy is not supported by LB Provider for the LB rule:LoadBalancer ${text})`);
    }
    if (cloud.table("healthChecks").find(({ balancerId }) => balancerId === rule.id) !== undefined) throw refused(`Failed to create HealthCheck policy: Already policy attached  for the LB Rule id :${rule.number}`);
    const row = cloud.table("healthChecks").put({
      ...cloud.identity("healthChecks"),
      ...call.owner,
      balancerId: rule.id,
      path: call.text("pingpath") ?? "/",
      interval,
      timeout,
      healthy: call.whole("healthythreshold") ?? 2,
      unhealthy: call.whole("unhealthythreshold") ?? 10,
      description: call.text("description"),
    });
    return { id: row.id, instanceType: "None", ms: cloud.durations.changeBalancer, made: { policyId: row.id } };
  },
  finish(call, job) {
    const row = call.cloud.table("healthChecks").get(job.made.policyId ?? "");
    const rule = call.cloud.table("balancers").get(row?.balancerId ?? "");
    if (row === undefined || rule === undefined) throw internal("Failed to create healthcheck policy ");
    return { healthcheckpolicies: { ...belongs(call, rule), healthcheckpolicy: [shownCheck(row)] } };
  },
  failed(call, job) {
    const row = call.cloud.table("healthChecks").get(job.made.policyId ?? "");
    if (row !== undefined) call.cloud.drop("healthChecks", row);
  },
};

const remove = (table: "stickiness" | "healthChecks", what: string): AsyncCommand => ({
  kind: "async",
  refs: { id: table },
  begin(call) {
    if (call.ref(table, "id") === undefined) throw invalid(`Invalid ${what} policy id value: ${call.numberOf(table, call.need("id"))}`);
    return { ms: call.cloud.durations.changeBalancer };
  },
  finish(call) {
    const row = call.ref(table, "id");
    if (row !== undefined) call.cloud.drop(table, row);
    return { success: true };
  },
});

export const balancerPolicyCommands: Commands = {
  createLBStickinessPolicy: createStickiness,
  deleteLBStickinessPolicy: remove("stickiness", "Load balancer"),
  listLBStickinessPolicies: {
    kind: "sync",
    refs: { id: "stickiness" },
    run: (call) => {
      const rule = ruleOf(call, "stickiness", "stickiness policy");
      const policies = call.cloud.table("stickiness").filter((row) => row.balancerId === rule?.id && asked(call, row)).map(shownStickiness);
      return page(call, "stickinesspolicies", rule === undefined ? [] : [rule], (one) => ({ ...belongs(call, one), stickinesspolicy: policies }));
    },
  },

  createLBHealthCheckPolicy: createCheck,
  deleteLBHealthCheckPolicy: remove("healthChecks", "health check"),
  listLBHealthCheckPolicies: {
    kind: "sync",
    refs: { id: "healthChecks" },
    run: (call) => {
      const rule = ruleOf(call, "healthChecks", "healthcheck policy");
      const policies = call.cloud.table("healthChecks").filter((row) => row.balancerId === rule?.id && asked(call, row)).map(shownCheck);
      return page(call, "healthcheckpolicies", rule === undefined ? [] : [rule], (one) => ({ ...belongs(call, one), healthcheckpolicy: policies }));
    },
  },
};
