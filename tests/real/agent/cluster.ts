/** A small real cluster, made and changed by the core as an engine would have it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { accessOf } from "../../../provider/core/desired";
import { tokensIn } from "../../../provider/core/actions/join-tokens";
import type { KubernetesPort } from "../../../provider/core/ports";
import { cluster, type ClusterInputs } from "../../../provider/handlers/cluster";
import { clusterEndpoint, type EndpointInputs } from "../../../provider/handlers/cluster-endpoint";
import { createSession } from "../../../provider/handlers/session";
import type { Session } from "../../../provider/handlers/handler";
import { createClusterCertificates } from "../../../provider/kubernetes/certificates";
import { createKubernetesClient } from "../../../provider/kubernetes/client";
import { createMoldClient } from "../../../provider/mold/client";
import { systemClock } from "../../../provider/core/clock";
import { checkInputs } from "../../../schema/check";
import type { ClusterEndpointOutputs, ClusterIdentityOutputs, ClusterOutputs } from "../../../schema/generated/types";
import type { RealMold } from "../world/mold";

const declaredBy = { owner: "pulumi:organization/project/real", resource: "real" };
const log = { debug: (): void => undefined, info: (text: string): void => void lines.push(text), warn: (text: string): void => void lines.push(text) };
/** What the core has said. */
export const lines: string[] = [];

type Declared = Readonly<Record<string, unknown>>;

/** One control plane and one worker, whose images come from a registry that wants a password. */
export const oneAndOne = (name: string, version: string, password: string): Declared => ({
  name,
  zone: "zone-1",
  version,
  template: "debian-13-containerd",
  controlPlane: { count: 1, offering: "k8s-2c-4g" },
  workers: { count: 1, offering: "k8s-2c-2g" },
  apiAccess: { cidrList: ["0.0.0.0/0"] },
  privateRegistry: { url: "http://127.0.0.1:5000/team", username: "builder", password },
});

export class RealCluster {
  /** Join tokens that machines were given. */
  readonly tokens = new Set<string>();
  private identity!: ClusterIdentityOutputs;
  private endpoint!: ClusterEndpointOutputs;
  private recorded!: { id: string; inputs: ClusterInputs; outputs: ClusterOutputs };

  constructor(
    private readonly mold: RealMold,
    private readonly declared: Declared,
  ) {}

  async create(): Promise<void> {
    const uid = "k3x9abcdef02";
    this.identity = { uid, ...(await createClusterCertificates({ uid, now: Date.now() })) };
    const { name, zone, network, networkOffering, timeouts } = checked("KubernetesCluster", this.declared);
    const place = { ...checked("ClusterEndpoint", { uid, name, zone, network, networkOffering }), timeouts, declaredBy } as EndpointInputs;
    this.endpoint = (await clusterEndpoint.create(this.session(), place)).outputs;
    const inputs = this.inputs({});
    this.recorded = { inputs, ...(await cluster.create(this.session(), inputs)) };
  }

  /** An `up` with these changes to what is declared. */
  async up(changes: Declared = {}): Promise<void> {
    const inputs = this.inputs(changes);
    const { outputs } = await cluster.update(this.session(), this.recorded.id, this.recorded, inputs);
    this.recorded = { ...this.recorded, inputs, outputs };
  }

  get kubernetes(): KubernetesPort {
    const access = accessOf(this.identity, { publicIpAddress: this.address } as Parameters<typeof accessOf>[1]);
    return createKubernetesClient(access, { clock: systemClock, log });
  }

  get address(): string {
    return this.endpoint.publicIpAddress;
  }

  get networkId(): string {
    return this.endpoint.networkId;
  }

  get caCertificate(): string {
    return this.identity.caCertificate;
  }

  async ready(): Promise<string[]> {
    return (await this.kubernetes.nodes().catch(() => [])).flatMap(({ name, ready }) => (ready ? [name] : []));
  }

  private inputs(changes: Declared): ClusterInputs {
    return { ...checked("Cluster", { ...this.declared, ...changes, identity: this.identity, endpoint: this.endpoint }), declaredBy } as ClusterInputs;
  }

  private session(): Session {
    const { access } = this.mold;
    return createSession({
      config: (key) => ({ "ablestack:apiUrl": access.apiUrl, "ablestack:apiKey": access.apiKey, "ablestack:secretKey": access.secretKey })[key],
      env: {},
      log,
      signal: new AbortController().signal,
      createMold: (settings, options) => {
        const port = createMoldClient(settings, options);
        const start = port.start.bind(port);
        port.start = (command, params, context) => {
          const { userdata } = params as { userdata?: string };
          for (const token of userdata === undefined ? [] : tokensIn(userdata)) this.tokens.add(token);
          return start(command, params, context);
        };
        return port;
      },
    });
  }
}

function checked(kind: Parameters<typeof checkInputs>[0], declared: Declared): Record<string, unknown> {
  const { inputs, failures } = checkInputs(kind, declared);
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  return inputs as unknown as Record<string, unknown>;
}

/** Starts a registry in a machine. */
export const registry = readFileSync(join(__dirname, "registry.sh"), "utf8");
