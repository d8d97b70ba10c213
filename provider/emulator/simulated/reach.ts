/** Who gets where: public ports through balancer, forwarding and firewall rules, guest addresses within their network. */
import ipaddr from "ipaddr.js";
import type { ExposureTarget, PublicExposure } from "../hypervisor";
import type { Machine } from "./machine";

/** Where kube-apiserver listens inside a machine. */
export const API_PORT = 6443;
/** Clients of the emulator's listeners are on this machine. */
export const LOOPBACK_CLIENT = "127.0.0.1";

const asked = new Map<string, boolean>();
const REMEMBERED = 4096;

/** Whether a range holds an address. The same few are asked for all the time, so answers are remembered. */
function contains(cidr: string, address: string): boolean {
  const key = `${cidr} ${address}`;
  const known = asked.get(key);
  if (known !== undefined) return known;
  if (asked.size >= REMEMBERED) asked.clear();
  const answer = matches(cidr, address);
  asked.set(key, answer);
  return answer;
}

function matches(cidr: string, address: string): boolean {
  if (!ipaddr.isValidCIDR(cidr) || !ipaddr.isValid(address)) return cidr === address;
  const [range, bits] = ipaddr.parseCIDR(cidr);
  const parsed = ipaddr.parse(address);
  return parsed.kind() === range.kind() && parsed.match(range, bits);
}

export class Reach {
  private rules: readonly PublicExposure[] = [];
  /** Round robin, by public port. */
  private readonly turns = new Map<string, number>();

  replace(rules: readonly PublicExposure[]): void {
    this.rules = rules;
  }

  /** The TCP ports that a client of this machine is let in to and that lead to an API port, whether or not one answers there. */
  apiPorts(): { readonly address: string; readonly port: number }[] {
    const found = new Map<string, { address: string; port: number }>();
    for (const rule of this.rules) if (this.targets(rule.address, rule.port, LOOPBACK_CLIENT).length > 0) found.set(`${rule.address}:${rule.port}`, { address: rule.address, port: rule.port });
    return [...found.values()];
  }

  private targets(address: string, port: number, from: string): ExposureTarget[] {
    return this.rules
      .filter((rule) => rule.protocol === "tcp" && rule.address === address && rule.port === port && rule.allowedCidrs.some((cidr) => contains(cidr, from)))
      .flatMap((rule) => rule.targets.filter((target) => target.privatePort === API_PORT));
  }

  /** The machines behind a public port that `from` is let in to; in the rules' order. */
  behind(address: string, port: number, from: string): string[] {
    return this.targets(address, port, from).map((target) => target.machineId);
  }

  /** One of several by turns. */
  turn<T>(address: string, port: number, among: readonly T[]): T | undefined {
    const key = `${address}:${port}`;
    const turn = this.turns.get(key) ?? 0;
    this.turns.set(key, turn + 1);
    return among[turn % among.length];
  }

  /**
   * Why a machine on a guest network does not reach the endpoint at all, or the machines it would be led to.
   * @returns ids of machines, or the reason in words.
   */
  fromGuest(client: Machine, endpoint: string, machines: Iterable<Machine>): string[] | string {
    const at = endpoint.lastIndexOf(":");
    const [address, port] = [endpoint.slice(0, at), Number(endpoint.slice(at + 1))];
    const rules = this.rules.filter((rule) => rule.protocol === "tcp" && rule.address === address && rule.port === port);
    if (rules.length === 0) {
      // The neighbours' own addresses need no router.
      const neighbour = [...machines].find((machine) => machine.spec.networkId === client.spec.networkId && machine.spec.guestIp === address);
      if (neighbour) return port === API_PORT ? [neighbour.id] : `connect ${endpoint}: connection refused`;
      return `connect ${endpoint}: connection refused (no rule leads anywhere)`;
    }
    // The virtual router filters by destination on every interface, its guest side included.
    const open = this.behind(address, port, client.spec.guestIp);
    if (!rules.some((rule) => rule.allowedCidrs.some((cidr) => contains(cidr, client.spec.guestIp))))
      return `connect ${endpoint}: timed out (no firewall rule lets ${client.spec.networkCidr} in)`;
    return open.length > 0 ? open : `connect ${endpoint}: connection refused (the rule has no members)`;
  }
}
