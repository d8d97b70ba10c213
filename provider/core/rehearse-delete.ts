/** What a delete would be stopped by, and what would go along with it that nobody here has declared. Pure. */
import { intentKey } from "./claim";
import { mark, tagKeys, type Tags } from "./ownership";
import type { ObservedCluster } from "./observe";
import type { DeleteScope, OwnNetwork } from "./observe-delete";
import type { Problem } from "./plan-input";
import type { KubernetesLoadBalancer, KubernetesVolume } from "./ports";
import type { ObservedBalancer } from "./rules/balancer";
import { firewallTuple } from "./rules/firewall";
import { portForwardTuple, type ObservedPortForward } from "./rules/port-forward";

type FindingKind = "foreignMachine" | "protectedMachine" | "publicAddress" | "firewallRule" | "portForward" | "balancerRule" | "service" | "volume";

export interface Finding {
  readonly kind: FindingKind;
  /** `db`, `tcp/22 from 0.0.0.0/0`, `default/web` */
  readonly name: string;
  /** Mold's. What only the cluster's own API knows goes by its name. */
  readonly id?: string;
  /** The network, the address with its port, or who keeps it. */
  readonly where: string;
  /** It as a sentence begins: `machine db (7f3…, Running) on the network prod-k3x9…, not of this cluster`. */
  readonly what: string;
  /** What the reader can do about it. */
  readonly todo: string;
}

export interface Rehearsal {
  /** While one of these is there, nothing is deleted. */
  readonly blocks: readonly Finding[];
  /** Gone afterwards, or left behind with nobody to look after it. */
  readonly losses: readonly Finding[];
  /** Rules that resources of the same program own: an engine deletes those before the cluster. */
  readonly declared: readonly string[];
  /** What could not be looked at, and why. */
  readonly unseen?: string;
}

export const unseenLine = (why: string): string => `its services of type LoadBalancer and its volumes were not looked at: ${why}`;

export const findingLine = ({ what, todo }: Finding): string => `${what}: ${todo}`;

interface RehearsalInput {
  readonly uid: string;
  /** Who deletes. */
  readonly owner: string;
  readonly observed: Pick<ObservedCluster, "machines" | "intents">;
  readonly scope: DeleteScope;
}

export function rehearseDelete(input: RehearsalInput): Rehearsal {
  const { scope } = input;
  const rules = rulesOf(input);
  const inside = scope.inside && "services" in scope.inside ? scope.inside : undefined;
  const unseen = scope.inside && "unseen" in scope.inside ? scope.inside.unseen : undefined;
  return {
    blocks: [...foreignMachines(scope.network), ...protectedMachines(input)],
    losses: [
      ...rules.filter(({ isOurs, goes }) => !isOurs && goes).map(({ finding }) => finding),
      ...furtherAddresses(scope.network, input.uid),
      ...(inside?.services ?? []).map((service) => serviceFinding(service, scope.network !== undefined)),
      ...(inside?.volumes ?? []).map(volumeFinding),
    ],
    declared: rules.flatMap(({ resource }) => resource ?? []).sort(),
    ...(unseen === undefined ? {} : { unseen }),
  };
}

const gone = new Set(["Destroyed", "Expunging", "Expunged"]);

export function foreignMachines(network: OwnNetwork | undefined): Finding[] {
  if (!network) return [];
  return network.others
    .filter(({ state }) => !gone.has(state))
    .map(({ id, name, state }) => ({
      kind: "foreignMachine",
      name,
      id,
      where: network.name,
      what: `machine ${name} (${id}, ${state}) on the network ${network.name}, not of this cluster`,
      todo: "move it to another network or remove it; the network can't go while it is there",
    }));
}

const protectedMachines = ({ observed }: RehearsalInput): Finding[] =>
  observed.machines
    .filter(({ isProtected }) => isProtected)
    .map(({ id, name }) => ({
      kind: "protectedMachine",
      name,
      id,
      where: "this cluster",
      what: `machine ${name} (${id}), protected against deletion in Mold`,
      todo: "take the protection away there",
    }));

export const furtherAddresses = (network: OwnNetwork | undefined, uid: string): Finding[] =>
  (network?.addresses ?? [])
    // The network's own source NAT was made with it.
    .filter(({ isSourceNat, tags }) => !isSourceNat && tags[tagKeys.cluster] !== uid)
    .map(({ id, ipAddress }) => ({
      kind: "publicAddress",
      name: ipAddress,
      id,
      where: network!.name,
      what: `public address ${ipAddress} (${id}) with all rules on it, of the network ${network!.name}`,
      todo: "note what it is used for; it goes with its network",
    }));

interface Rule {
  readonly finding: Finding;
  /** Of the cluster itself, or of the program that deletes it. */
  readonly isOurs: boolean;
  /** Whose, if a resource of that program owns it: `NetworkRule web: firewall rule tcp/443`. */
  readonly resource?: string;
  readonly goes: boolean;
}

function rulesOf(input: RehearsalInput): Rule[] {
  const { address } = input.scope;
  if (!address) return [];
  const { ipAddress, goes } = address;
  const ours = new Set(input.observed.machines.map(({ id }) => id));
  const from = (cidrs: readonly string[]): string => (cidrs.length === 0 ? "" : ` from ${cidrs.join(", ")}`);
  const rule = (kind: FindingKind, noun: string, resourceKind: string, seen: Seen): Rule => {
    const owner = seen.tags[tagKeys.owner];
    const name = seen.tags[tagKeys.resource];
    const isOurs = isOursBy(input, seen);
    return {
      isOurs,
      goes: seen.goes,
      ...(isOurs && owner === input.owner && name !== undefined ? { resource: `${resourceKind} ${name}: ${noun} ${seen.name} on ${ipAddress}` } : {}),
      finding: {
        kind,
        name: seen.name,
        id: seen.id,
        where: seen.port === undefined ? ipAddress : `${ipAddress}:${seen.port}`,
        what: `${noun} ${seen.name} on ${ipAddress} (${seen.id}), ${owner === undefined ? "made by hand or by another program" : `declared by ${owner}`}`,
        todo: owner === undefined ? "declare it as a NetworkRule or LoadBalancer, or note it, if it is to be there again" : "destroy it there first, so that it is not missed",
      },
    };
  };
  return [
    ...address.firewall.map((each) =>
      rule("firewallRule", "firewall rule", "NetworkRule", {
        ...each,
        name: `${each.protocol}${each.startPort === undefined ? "" : `/${portRange(each.startPort, each.endPort)}`}${from(each.cidrs)}`,
        port: each.startPort,
        intent: firewallTuple(each),
        goes,
      }),
    ),
    ...address.forwards.map((each) =>
      rule("portForward", "port forward", "NetworkRule", {
        ...each,
        name: `${each.protocol}/${portRange(each.startPort, each.endPort)}${from(each.cidrs)}`,
        port: each.startPort,
        intent: portForwardTuple(each),
        // It leads to one machine and goes with it.
        goes: goes || ours.has(each.machineId),
      }),
    ),
    ...address.balancers.map((each) => rule("balancerRule", "balancer rule", "LoadBalancer", { ...each, name: `${each.name} (${each.publicPort})`, port: each.publicPort, goes })),
  ];
}

type Seen = Pick<ObservedPortForward, "id" | "tags"> &
  Partial<Pick<ObservedBalancer, "description">> & { readonly name: string; readonly port?: number; readonly intent?: string; readonly goes: boolean };

/** By its tags; and where an interrupted run could not tag it any more, by its description or what was written down before. */
function isOursBy({ uid, owner, observed }: RehearsalInput, { tags, description = "", intent }: Seen): boolean {
  if (tags[tagKeys.owner] !== undefined) return tags[tagKeys.owner] === owner || isOfCluster(uid, tags);
  if (Object.keys(tags).some((key) => key.startsWith("ablestack-"))) return isOfCluster(uid, tags);
  const signature = description.slice(description.lastIndexOf("[ablestack-kubernetes "));
  if (signature === mark(uid) || signature.includes(` ${owner} `)) return true;
  return intent !== undefined && (observed.intents[intentKey(intent)] ?? "").startsWith(`${owner} `);
}

/** Also of a stack that had another name when it was made. */
const isOfCluster = (uid: string, tags: Tags): boolean => tags[tagKeys.cluster] === uid && tags[tagKeys.role] === "api";

const portRange = (start: number, end = start): string => (start === end ? `${start}` : `${start}-${end}`);

function serviceFinding({ namespace, name, ports, addresses }: KubernetesLoadBalancer, networkGoes: boolean): Finding {
  const where = addresses.join(", ") || "no address yet";
  return {
    kind: "service",
    name: `${namespace}/${name}`,
    where,
    what: `service ${namespace}/${name} of type LoadBalancer (${where}${ports.length > 0 ? `, port ${ports.join(", ")}` : ""})`,
    todo: networkGoes ? "delete it first if what it is known by outside (DNS, say) has to be cleared up" : "delete it first: what its controller made for it on Mold would stay, with nobody to remove it",
  };
}

function volumeFinding({ name, claim, size, onNode, keptBy }: KubernetesVolume): Finding {
  const where = onNode ? "a node's own disk" : (keptBy ?? "unknown");
  const about = [claim, size, `kept by ${where}`].filter((part) => part !== undefined).join(", ");
  return {
    kind: "volume",
    name,
    where,
    what: `volume ${name} (${about})`,
    todo: onNode ? "save what is on it: it goes with its machine" : "delete its claim first if it is to go: it would stay where it is kept, with nobody to remove it",
  };
}

/** More than anybody reads in an error; the rehearsal itself has all. */
const mostNamed = 50;

/** Why nothing is deleted, as a plan says it. */
export function blockProblems(blocks: readonly Finding[]): Problem[] {
  const foreign = blocks.filter(({ kind }) => kind === "foreignMachine");
  const guarded = blocks.filter(({ kind }) => kind === "protectedMachine");
  const names = (findings: readonly Finding[]): string =>
    findings.slice(0, mostNamed).map(({ name, id }) => `${name} (${id})`).join(", ") + (findings.length > mostNamed ? ` and ${findings.length - mostNamed} more` : "");
  const problems: Problem[] = [];
  if (foreign.length > 0) {
    problems.push({
      property: "network",
      reason: `machines that are not of this cluster are on its network ${foreign[0]!.where}: ${names(foreign)}. They would keep the network from going. Move or remove them, then destroy again. Nothing was deleted.`,
    });
  }
  if (guarded.length > 0) {
    problems.push({ property: "nodes", reason: `machines of this cluster are protected against deletion in Mold: ${names(guarded)}. Take the protection away there, then destroy again. Nothing was deleted.` });
  }
  return problems;
}

/** Of one kind. The rest is counted: a log is no place for a thousand services. */
const mostSaid = 10;

/** Losses as a log says them. */
export function lossLines(losses: readonly Finding[]): string[] {
  const kinds = [...new Set(losses.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const found = losses.filter((each) => each.kind === kind);
    const rest = found.length - mostSaid;
    return [...found.slice(0, mostSaid).map(findingLine), ...(rest > 0 ? [`${rest} more of the kind ${kind}; \`ablestack-kubernetes plan --delete\` shows all`] : [])];
  });
}
