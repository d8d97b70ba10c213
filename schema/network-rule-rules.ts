/** What holds between the properties of a NetworkRule, and what follows from them. */
import type { Json } from "./property";
import type { Completion, Rule } from "./resource";

const oneOf = (names: readonly string[]): string => names.join(", ").replace(/, ([^,]*)$/, " or $1");

/** Which kinds a property belongs to. What is not here belongs to all. */
const belongsTo: Readonly<Record<string, readonly string[]>> = {
  ipAddressId: ["firewall", "portForward"],
  networkId: ["portForward", "egress", "acl"],
  aclId: ["acl"],
  destinationCidrList: ["egress"],
  icmpType: ["firewall", "egress", "acl"],
  icmpCode: ["firewall", "egress", "acl"],
  privateStartPort: ["portForward"],
  privateEndPort: ["portForward"],
  target: ["portForward"],
  action: ["acl"],
  number: ["acl"],
  trafficType: ["acl"],
};

const kindsProperties: Rule = ({ text, given, fail }) => {
  const kind = text("kind");
  if (kind === undefined) return;
  for (const [property, kinds] of Object.entries(belongsTo)) {
    if (given(property) && !kinds.includes(kind)) fail(property, `belongs to ${oneOf(kinds)} rules; this one is ${kind}: leave it out`);
  }
};

const somewhere: Rule = ({ text, given, fail }) => {
  const kind = text("kind");
  if ((kind === "firewall" || kind === "portForward") && !given("cluster") && !given("ipAddressId")) {
    fail("cluster", "is missing; give the cluster's uid, or the id of a public address as ipAddressId");
  }
  if (kind === "egress" && !given("cluster") && !given("networkId")) fail("networkId", "is missing; give the cluster's uid, or the id of the network as networkId");
  if (kind === "acl" && !given("cluster") && !given("networkId") && !given("aclId")) {
    fail("aclId", "is missing; give the id of the access list, or of a network that has one (networkId), or the uid of the cluster on it");
  }
};

const ports: Rule = ({ text, given, fail }) => {
  const [kind, protocol] = [text("kind"), text("protocol")];
  if (protocol === undefined) return;
  if (kind === "portForward" && protocol !== "tcp" && protocol !== "udp") {
    fail("protocol", `is "${protocol}"; a port forward takes tcp or udp`);
    return;
  }
  // The virtual router's capability: SupportedProtocols of its Firewall service.
  if (kind === "firewall" && protocol === "all") {
    fail("protocol", 'is "all"; a firewall rule of a public address takes tcp, udp or icmp: make one rule for each that is meant (all ports: startPort 1 and endPort 65535)');
    return;
  }
  if ((protocol === "tcp" || protocol === "udp") && !given("startPort")) fail("startPort", `is missing; ${protocol} needs a port (for all ports 1 and endPort 65535)`);
  for (const property of ["startPort", "endPort"]) {
    if ((protocol === "icmp" || protocol === "all") && given(property)) fail(property, `does not go with protocol "${protocol}", which has no ports: leave it out`);
  }
  for (const property of ["icmpType", "icmpCode"]) {
    if (protocol !== "icmp" && given(property)) fail(property, `goes with protocol "icmp" only; this one is "${protocol}": leave it out`);
  }
};

/** https://github.com/apache/cloudstack: "icmpCode … can be defined when icmpType belongs to [0-40] range" (NetworkACLServiceImpl). */
const icmp: Rule = ({ integer, at, isUnknown, fail }) => {
  if (isUnknown(at("icmpType"))) return;
  const [type = -1, code = -1] = [integer("icmpType"), integer("icmpCode")];
  if (code === -1 || (type >= 0 && type <= 40)) return;
  fail("icmpCode", type === -1 ? `is ${code}, and icmpType is every one; a code means something with a type only: give icmpType, or leave the code out` : `is ${code}, while icmpType is ${type}; Mold takes a code with types 0 to 40 only: leave it out`);
};

/** Mold: port forwarding ranges must start at the same port on both sides (mold-api/README.md), and are of one length. */
const ranges: Rule = ({ integer, at, given, isUnknown, fail }) => {
  const [start, end, privateStart, privateEnd] = [integer("startPort"), integer("endPort"), integer("privateStartPort"), integer("privateEndPort")];
  if (given("endPort") && !given("startPort")) fail("startPort", "is missing; a range has a first port");
  if (start !== undefined && end !== undefined && start > end) fail("endPort", `is ${end}, which is before startPort (${start})`);
  if (privateStart !== undefined && privateEnd !== undefined && privateStart > privateEnd) fail("privateEndPort", `is ${privateEnd}, which is before privateStartPort (${privateStart})`);
  if (given("privateEndPort") && !given("privateStartPort") && !given("startPort")) fail("privateStartPort", "is missing; a range has a first port");
  if (start === undefined || privateStart === undefined || isUnknown(at("endPort")) || (end !== undefined && start > end)) return;
  const last = end ?? start;
  if (last > start && privateStart !== start) fail("privateStartPort", `is ${privateStart}, while startPort is ${start}; Mold takes a range only when it starts at the same port on both sides`);
  else if (privateEnd !== undefined && privateEnd >= privateStart && privateEnd - privateStart !== last - start) {
    fail("privateEndPort", `is ${privateEnd}, which makes ${privateEnd - privateStart + 1} ports on the machine for ${last - start + 1} public ones; leave it out, or make both as many`);
  }
};

const target: Rule = ({ text, at, given, isUnknown, fail }) => {
  if (text("kind") !== "portForward") return;
  if (!given("target")) {
    fail("target", "is missing; a port forward goes to one machine: give target.node, target.role or target.machineId");
    return;
  }
  if (isUnknown(at("target"))) return;
  const chosen = ["node", "role", "machineId"].filter((name) => given(`target.${name}`));
  if (chosen.length !== 1) fail("target", chosen.length === 0 ? "is empty; give one of node, role and machineId" : `has ${chosen.join(" and ")}; give one of them`);
  for (const name of ["node", "role"]) {
    if (given(`target.${name}`) && !given("cluster")) fail("cluster", `is missing; target.${name} is looked up in a cluster: give its uid, or aim by target.machineId`);
  }
};

export const networkRuleRules: readonly Rule[] = [kindsProperties, somewhere, ports, icmp, ranges, target];

export const networkRuleCompletion: Completion = ({ text, integer, given }) => {
  const [kind, protocol] = [text("kind"), text("protocol")];
  const [start, end] = [integer("startPort"), integer("endPort")];
  const found: Record<string, Json> = {};
  const fill = (property: string, value: Json | undefined): void => {
    if (!given(property) && value !== undefined) found[property] = value;
  };
  if (protocol === "tcp" || protocol === "udp") fill("endPort", start);
  if (protocol === "icmp" && kind !== "portForward") {
    fill("icmpType", -1);
    fill("icmpCode", -1);
  }
  if (kind !== undefined && kind !== "portForward") fill("cidrList", ["0.0.0.0/0"]);
  if (kind === "portForward") {
    fill("privateStartPort", start);
    // An end that isn't given may still be unknown: then there is nothing to count from.
    const [first, last] = [integer("privateStartPort") ?? (given("privateStartPort") ? undefined : start), given("endPort") ? end : start];
    if (first !== undefined && last !== undefined && start !== undefined && last >= start && first + last - start <= 65_535) fill("privateEndPort", first + last - start);
  }
  if (kind === "acl") {
    fill("action", "allow");
    fill("trafficType", "ingress");
  }
  return found;
};
