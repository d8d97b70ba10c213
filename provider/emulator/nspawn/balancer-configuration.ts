/** A virtual router's haproxy: its configuration, and what its runtime socket is told when members change. Text from data. */
import type { PublicExposure } from "../hypervisor";

/** Where kube-apiserver listens inside a machine. */
const API_PORT = 6443;

export interface Member {
  readonly name: string;
  /** `10.1.1.10:6443` */
  readonly at: string;
}

/** One balanced port. */
export interface Service {
  /** Also the name of its section in the configuration. */
  readonly name: string;
  /** `203.0.113.3:6443` */
  readonly bind: string;
  readonly algorithm: string;
  /** What serves there: a Kubernetes API is asked whether it is ready, anything else whether it can be connected to. */
  readonly kind: "kubernetes-api" | "tcp";
  readonly members: readonly Member[];
}

/** haproxy's own spelling of Mold's algorithms. Members come and go at run time, which a static map does not allow. */
const balance: Readonly<Record<string, readonly string[]>> = {
  roundrobin: ["balance roundrobin"],
  leastconn: ["balance leastconn"],
  source: ["balance source", "hash-type consistent"],
};

/** The balanced ports of a router. A rule without members is no port, as on a real router; haproxy has no UDP. */
export function servicesOf(networkId: string, addresses: readonly string[], exposures: readonly PublicExposure[]): Service[] {
  return exposures
    .filter((rule) => rule.networkId === networkId && rule.kind === "loadBalancer" && rule.protocol === "tcp" && rule.targets.length > 0 && addresses.includes(rule.address))
    .map((rule) => ({
      name: `rule-${rule.ruleId}`,
      bind: `${rule.address}:${rule.port}`,
      algorithm: rule.algorithm ?? "roundrobin",
      kind: rule.targets.every(({ privatePort }) => privatePort === API_PORT) ? ("kubernetes-api" as const) : ("tcp" as const),
      members: rule.targets.map(({ machineId, guestIp, privatePort }) => ({ name: `vm-${machineId}`, at: `${guestIp}:${privatePort}` })),
    }));
}

function checks(service: Service): string {
  return `check${service.kind === "kubernetes-api" ? " check-ssl verify none" : ""} inter 500 fall 2`;
}

/** All but the members: what can't change without a reload. */
export function structure(services: readonly Service[]): string {
  return services.map((service) => `${service.name} ${service.bind} ${service.algorithm} ${service.kind}`).join("\n");
}

export interface BalancerPlaces {
  readonly socket: string;
  readonly states: string;
}

/** The whole configuration. Idle connections end after 50 s, as in a real router's. */
export function balancerConfiguration(services: readonly Service[], places: BalancerPlaces): string {
  return `${[
    "global",
    `  stats socket ${places.socket} mode 600 level admin`,
    `  server-state-file ${places.states}`,
    "  maxconn 4096",
    "",
    "defaults",
    "  mode tcp",
    "  load-server-state-from-file global",
    "  option redispatch 1",
    "  retries 3",
    "  timeout connect 2s",
    "  timeout check 2s",
    "  timeout client 50s",
    "  timeout server 50s",
    ...services.flatMap((service) => [
      "",
      `listen ${service.name}`,
      `  bind ${service.bind}`,
      ...(balance[service.algorithm] ?? balance.roundrobin ?? []).map((line) => `  ${line}`),
      ...(service.kind === "kubernetes-api" ? ["  option httpchk GET /readyz"] : []),
      ...service.members.map((member) => `  server ${member.name} ${member.at} ${checks(service)}`),
    ]),
  ].join("\n")}\n`;
}

/** A member as the running haproxy has it. */
export interface RunningMember {
  readonly service: string;
  readonly name: string;
  readonly at: string;
  /** Takes no new connections by our order. */
  readonly draining: boolean;
}

/** srv_admin_state of haproxy: forced to drain, by the socket. */
const DRAIN = 0x08;

/** Reads the answer to `show servers state`. */
export function runningMembers(answer: string): RunningMember[] {
  const lines = answer.split("\n").map((line) => line.trim());
  const header = lines.find((line) => line.startsWith("# "))?.slice(2).split(" ") ?? [];
  const at = (fields: readonly string[], name: string): string => fields[header.indexOf(name)] ?? "";
  return lines
    .filter((line) => /^\d+ /.test(line))
    .map((line) => line.split(" "))
    .map((fields) => ({
      service: at(fields, "be_name"),
      name: at(fields, "srv_name"),
      at: `${at(fields, "srv_addr")}:${at(fields, "srv_port")}`,
      draining: (Number(at(fields, "srv_admin_state")) & DRAIN) !== 0,
    }));
}

/**
 * What the running haproxy is told, so that its members are these: one that is removed is set to drain, and keeps what it serves (the
 * next reload forgets it); one that comes back is ready again. Connections of others are not touched.
 */
export function memberChanges(services: readonly Service[], running: readonly RunningMember[]): string[] {
  return services.flatMap((service) => {
    const there = running.filter((member) => member.service === service.name);
    const wanted = new Map(service.members.map((member) => [member.name, member]));
    const gone = there.filter((member) => !wanted.has(member.name) && !member.draining).map((member) => `set server ${service.name}/${member.name} state drain`);
    const come = service.members.flatMap((member) => {
      const known = there.find(({ name }) => name === member.name);
      const path = `${service.name}/${member.name}`;
      if (known === undefined) return [`add server ${path} ${member.at} ${checks(service)}`, `enable health ${path}`, `enable server ${path}`];
      const [address = "", port = ""] = member.at.split(":");
      return [...(known.at === member.at ? [] : [`set server ${path} addr ${address} port ${port}`]), ...(known.draining ? [`set server ${path} state ready`] : [])];
    });
    return [...come, ...gone];
  });
}
