import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { balancerConfiguration, memberChanges, runningMembers, servicesOf, structure, type RunningMember, type Service } from "../../../provider/emulator/nspawn/balancer-configuration";
import { balanced, forwarded } from "./spec";

const services = (...rules: Parameters<typeof servicesOf>[2][number][]): Service[] => servicesOf("net-1", ["203.0.113.3"], rules);
const places = { socket: "/run/abk-1/net1/socket", states: "/run/abk-1/net1/states" };

test("a Kubernetes API is asked whether it is ready, anything else whether it can be connected to", () => {
  const text = balancerConfiguration(services(balanced(), balanced({ ruleId: "r3", port: 80, targets: [{ machineId: "m3", guestIp: "10.1.1.20", privatePort: 30080 }] })), places);
  const [, api = "", web = ""] = text.split(/^listen /m);
  expect(api).toContain("bind 203.0.113.3:6443");
  expect(api).toContain("option httpchk GET /readyz");
  expect(api).toContain("server vm-m1 10.1.1.10:6443 check check-ssl verify none inter 500 fall 2");
  expect(web).not.toContain("httpchk");
  expect(web).toContain("server vm-m3 10.1.1.20:30080 check inter 500 fall 2");
  expect(text).toContain("option redispatch");
});

test("a rule without members, a forward, UDP, another network's and another router's address are no balanced ports here", () => {
  expect(services(balanced({ targets: [] }), forwarded(), balanced({ protocol: "udp" }), balanced({ networkId: "net-2" }), balanced({ address: "203.0.113.9" }))).toEqual([]);
});

test("members come and go without a reload; ports do not", () => {
  const [service] = services(balanced());
  const fewer = { ...service!, members: service!.members.slice(1) };
  expect(structure([fewer])).toBe(structure([service!]));
  expect(structure([{ ...service!, bind: "203.0.113.3:8443" }])).not.toBe(structure([service!]));
});

test("a member that is removed is set to drain, and nothing is said of the others", () => {
  const [service] = services(balanced());
  const running = service!.members.map((member): RunningMember => ({ service: service!.name, ...member, draining: false }));
  expect(memberChanges([service!], running)).toEqual([]);
  expect(memberChanges([{ ...service!, members: service!.members.slice(1) }], running)).toEqual(["set server rule-r1/vm-m1 state drain"]);
  expect(memberChanges([service!], running.map((member) => ({ ...member, draining: member.name === "vm-m1" })))).toEqual(["set server rule-r1/vm-m1 state ready"]);
});

/** haproxy's side of it, as far as these orders go. */
function obeyed(running: readonly RunningMember[], orders: readonly string[]): RunningMember[] {
  let members = [...running];
  for (const order of orders) {
    const [verb, , path = "", what, value] = order.split(" ");
    const [service = "", name = ""] = path.split("/");
    const change = (to: Partial<RunningMember>): void => void (members = members.map((one) => (one.service === service && one.name === name ? { ...one, ...to } : one)));
    if (verb === "add") members.push({ service, name, at: what ?? "", draining: false });
    else if (what === "state") change({ draining: value === "drain" });
    else if (what === "addr") change({ at: `${value ?? ""}:${order.split(" ").at(-1) ?? ""}` });
  }
  return members;
}

test("whatever members run, the orders make them those that are wanted: each takes connections or drains, and asking again changes nothing", () => {
  const member = fc.constantFrom("vm-1", "vm-2", "vm-3", "vm-4").map((name) => ({ name, at: `10.1.1.1${name.at(-1) ?? ""}:6443` }));
  const members = fc.uniqueArray(member, { selector: ({ name }) => name });
  fc.assert(
    fc.property(members, fc.uniqueArray(fc.tuple(member, fc.boolean()), { selector: ([{ name }]) => name }), (wanted, there) => {
      const [template] = services(balanced());
      const service = { ...template!, members: wanted };
      const running = there.map(([one, draining]): RunningMember => ({ service: service.name, ...one, draining }));
      const after = obeyed(running, memberChanges([service], running));
      expect(after.filter(({ draining }) => !draining).map(({ name }) => name).sort()).toEqual(wanted.map(({ name }) => name).sort());
      expect(memberChanges([service], after)).toEqual([]);
    }),
  );
});

test("haproxy's own list of its members is read: one that was told to drain is draining", () => {
  const answer = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 rule-r1 1 vm-m1 10.1.1.10 2 8 1 1 27 6 3 3 6 0 0 0 - 6443 - 0 0 - - 0
3 rule-r1 2 vm-m2 10.1.1.11 0 0 1 1 27 6 3 3 6 0 0 0 - 6443 - 0 0 - - 0

`;
  expect(runningMembers(answer)).toEqual([
    { service: "rule-r1", name: "vm-m1", at: "10.1.1.10:6443", draining: true },
    { service: "rule-r1", name: "vm-m2", at: "10.1.1.11:6443", draining: false },
  ]);
  expect(runningMembers("1\n\n")).toEqual([]);
});

test("haproxy takes the configuration, with any of Mold's algorithms", () => {
  const text = balancerConfiguration(services(...["roundrobin", "leastconn", "source"].map((algorithm, at) => balanced({ algorithm, ruleId: `r${at}`, port: 6443 + at }))), { socket: "/tmp/haproxy-check.sock", states: "/dev/null" });
  const folder = mkdtempSync(join(tmpdir(), "haproxy-"));
  writeFileSync(join(folder, "haproxy.cfg"), text);
  const checked = spawnSync("haproxy", ["-c", "-q", "-f", join(folder, "haproxy.cfg")], { encoding: "utf8", env: { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin` } });
  rmSync(folder, { recursive: true });
  if (checked.error === undefined) expect(checked).toMatchObject({ status: 0, stderr: "" });
  expect(text.match(/balance \S+/g)).toEqual(["balance roundrobin", "balance leastconn", "balance source"]);
});
