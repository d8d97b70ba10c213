/** The provider as the engine runs it: one process, a connection to Mold by name. */
import { handlerOf, type Kind } from "../../../provider/adapters/pulumi-dynamic/kinds";
import { Provider, type Results } from "../../../provider/adapters/pulumi-dynamic/provider";
import { createSession } from "../../../provider/handlers/session";
import { Cloud, type Run } from "../../core/world/cloud";
import { byHand, changing } from "../../core/world/made";
import type { Values } from "./whole-declarations";

/** What stands for a value that isn't known yet. */
export const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What no text shows: what a program's language makes of a value that isn't there, or isn't known. */
export const standIn = /undefined|\bnull\b|\bNaN\b|\[object|Symbol\(|ablestack-kubernetes\.unknown|04da6b54/;

const declaredBy = { owner: "pulumi:acme/shop/dev", resource: "prod" };

export class Previewed {
  readonly printed: string[] = [];
  private readonly run: Run;
  private readonly provider: Provider;

  constructor(
    private readonly cloud: Cloud,
    private readonly kind: Kind,
  ) {
    this.run = cloud.newRun();
    const keys = { apiUrl: "http://127.0.0.1:8080/client/api", apiKey: "admin-key", secretKey: "admin-secret" };
    const session = createSession({
      config: (key) => (key === "ablestack:connections" ? JSON.stringify({ seoul: keys, "in-cluster": keys }) : undefined),
      env: {},
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
      signal: new AbortController().signal,
      clock: cloud.clock,
      createMold: () => this.run.world(declaredBy).mold,
    });
    this.provider = new Provider(session, (line) => this.printed.push(line));
  }

  check(news: Values, olds: Values = {}): Promise<Results["check"]> {
    return this.cloud.clock.run(this.provider.check(handlerOf(this.kind), olds, { declaredBy, ...news }));
  }

  diff(recorded: Values, news: Values): Promise<Results["diff"]> {
    return this.cloud.clock.run(this.provider.diff(handlerOf(this.kind), "id/generation", recorded, news));
  }

  get changed(): string[] {
    return changing(this.run);
  }
}

/** A cloud with what a declaration may name: the network `apps`, the key pair `ops`. */
export async function furnished(): Promise<Cloud> {
  const cloud = new Cloud();
  const mold = byHand(cloud);
  const [zone] = await mold.list("listZones", { name: "zone-1" });
  const [offering] = await mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" });
  await mold.call("createSSHKeyPair", { name: "ops" });
  await mold.call("createNetwork", { name: "apps", displaytext: "apps", zoneid: zone!.id!, networkofferingid: offering!.id! });
  return cloud;
}
