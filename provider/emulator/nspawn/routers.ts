/** The networks as they are on the host: the public one, and a router for each guest network. What is so already is left alone. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { NetworkSpec, PublicExposure } from "../hypervisor";
import { Balancer } from "./balancer";
import { servicesOf } from "./balancer-configuration";
import { attempt, CommandFailed, run, type Argv } from "./host";
import { linkOf, type Names } from "./names";
import { hostAddress, hostRoute, noHostRoute, publicNetworkUp, routerAddress, routerUp } from "./router-links";
import { PUBLIC_LINK, routerRules } from "./router-rules";
import { takenRange } from "./taken-range";
import { endNamespace, endPublicNetwork, giveRangeBack, noteRange } from "./sweep";
import { Turns } from "./turns";

/** What a guest network is made from; its addresses come with the rules. */
export type GuestNetwork = Pick<NetworkSpec, "id" | "cidr" | "gateway">;

interface Router {
  readonly balancer: Balancer;
  /** The ruleset that it has, as far as this process knows. */
  rules?: string;
}

export class Routers {
  private readonly turns = new Turns();
  private readonly routers = new Map<string, Router>();
  private publicIsUp = false;

  constructor(
    private readonly names: Names,
    private readonly publicRange: string,
    private readonly report: (text: string) => void,
  ) {}

  /** Resolves when the network has its router. */
  ensure(network: GuestNetwork): Promise<void> {
    return this.turns.take(async () => void (await this.router(network)));
  }

  /** Makes all of it so; failures are reported, and tried again with the next change. */
  apply(networks: readonly NetworkSpec[], exposures: readonly PublicExposure[]): Promise<void> {
    return this.turns.take(async () => {
      const known = new Set(networks.map(({ id }) => id));
      for (const id of [...this.routers.keys()]) if (!known.has(id)) await this.reported(`router of network ${id}`, () => this.remove(id));
      // The host's way goes first and comes last: nobody is led to an address that is not there.
      const addresses = networks.flatMap((network) => network.addresses);
      if (networks.length > 0) await this.reported("the public network", () => this.publicNetwork());
      await this.reported("routes of the host", () => this.routes(addresses, "delete"));
      for (const network of networks) await this.reported(`router of network ${network.id}`, () => this.renew(network, exposures));
      await this.reported("routes of the host", () => this.routes(addresses, "add"));
      if (networks.length === 0) await this.removePublicNetwork();
    });
  }

  /** Gives the range back where nothing is left that could be meant by it. */
  async giveBack(): Promise<void> {
    await this.turns.take(async () => {
      if (this.routers.size === 0) await giveRangeBack(this.names);
    });
  }

  over(): Promise<void> {
    return this.turns.over();
  }

  private async reported(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.report(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private async renew(network: NetworkSpec, exposures: readonly PublicExposure[]): Promise<void> {
    const router = await this.router(network);
    const there = await this.addressesOf(network.id);
    for (const address of network.addresses.filter((one) => !there.includes(one))) await run(routerAddress(this.names, network.id, "add", address));
    const rules = routerRules(network, exposures, hostAddress(this.publicRange));
    if (rules !== router.rules) {
      await run(["ip", "netns", "exec", this.names.routerNamespace(network.id), "nft", "-f", "-"], { input: rules });
      router.rules = rules;
    }
    await router.balancer.apply(servicesOf(network.id, network.addresses, exposures));
    for (const address of there.filter((one) => !network.addresses.includes(one))) await run(routerAddress(this.names, network.id, "delete", address));
  }

  private async addressesOf(networkId: string): Promise<string[]> {
    const text = await run(["ip", "-n", this.names.routerNamespace(networkId), "-4", "-o", "address", "show", "dev", PUBLIC_LINK]);
    return [...text.matchAll(/ inet ([\d.]+)\/32 /g)].flatMap((match) => match[1] ?? []);
  }

  private async routes(addresses: readonly string[], change: "add" | "delete"): Promise<void> {
    if (!this.publicIsUp) return;
    const text = await run(["ip", "-4", "-o", "route", "show", "dev", this.names.hostLink]);
    const there = [...text.matchAll(/^([\d.]+) /gm)].flatMap((match) => match[1] ?? []);
    if (change === "delete") {
      for (const address of there.filter((one) => !addresses.includes(one))) await run(noHostRoute(this.names, address));
      return;
    }
    for (const address of addresses.filter((one) => !there.includes(one))) {
      await run(hostRoute(this.names, this.publicRange, address));
      // It may have been another router's before.
      await attempt(["ip", "neighbour", "flush", "to", address, "dev", this.names.hostLink]);
    }
  }

  private async router(network: GuestNetwork): Promise<Router> {
    const known = this.routers.get(network.id);
    if (known !== undefined) return known;
    await this.publicNetwork();
    const namespace = this.names.routerNamespace(network.id);
    // The route is the last that is made: with it all of it is there.
    const made = await run(["ip", "-n", namespace, "route", "show", this.publicRange]).catch(() => "");
    if (made === "") {
      await this.unmake(network.id, namespace);
      await all(routerUp(this.names, network, this.publicRange));
    }
    const router: Router = { balancer: this.balancer(network.id) };
    this.routers.set(network.id, router);
    return router;
  }

  private balancer(networkId: string): Balancer {
    return new Balancer(this.names.routerNamespace(networkId), join(this.names.runDir, linkOf("net", networkId)));
  }

  private async publicNetwork(): Promise<void> {
    if (this.publicIsUp) return;
    const { names, publicRange } = this;
    const taken = await takenRange(names.dir, publicRange);
    if (taken !== undefined) throw new CommandFailed(taken);
    const made = (await run(["ip", "-o", "link", "show", "dev", names.hostLink, "up"]).catch(() => "")) !== "" && (await attempt(["ip", "-n", names.publicNamespace, "link", "show"]));
    if (!made) {
      await endPublicNetwork(names);
      await noteRange(names, publicRange);
      await all(publicNetworkUp(names, publicRange));
    }
    this.publicIsUp = true;
  }

  /** The range itself stays closed: whoever still calls an address that was one of it must not be led out of the machine. */
  private async removePublicNetwork(): Promise<void> {
    await endPublicNetwork(this.names);
    this.publicIsUp = false;
  }

  private async remove(networkId: string): Promise<void> {
    await this.unmake(networkId, this.names.routerNamespace(networkId));
    this.routers.delete(networkId);
  }

  private async unmake(networkId: string, namespace: string): Promise<void> {
    await this.balancer(networkId).stop();
    await endNamespace(namespace, [["ip", "-n", this.names.publicNamespace, "link", "delete", linkOf("net", networkId)]]);
    await rm(join(this.names.runDir, linkOf("net", networkId)), { recursive: true, force: true });
  }
}

async function all(commands: readonly Argv[]): Promise<void> {
  for (const command of commands) await run(command);
}
