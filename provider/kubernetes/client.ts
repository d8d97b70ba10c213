/** A cluster's own API, as much of it as the core needs. */
import type {
  V1ConfigMap,
  V1Lease,
  V1LeaseList,
  V1Node,
  V1NodeList,
  V1PersistentVolume,
  V1PersistentVolumeList,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodDisruptionBudgetList,
  V1PodList,
  V1Service,
  V1ServiceList,
} from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { Clock, CloudConfig, ClusterAccess, DisruptionBudget, EtcdMember, KubernetesLoadBalancer, KubernetesNode, KubernetesPod, KubernetesPort, KubernetesVolume, Log, NodeMark, Resources } from "../core/ports";
import { bootstrapTokenSecret, bootstrapTokenSecretName } from "./bootstrap-token";
import * as secret from "./cloud-config";
import { connectionError, KubernetesError } from "./errors";
import { Etcdctl } from "./etcd";
import { webSocketExec, type ExecTransport } from "./exec";
import { quantity } from "./quantity";
import { isHeld, refusal, said } from "./refusal";
import { toLoadBalancer, toVolume } from "./services-and-volumes";
import { httpsTransport, type KubernetesRequest, type KubernetesResponse, type KubernetesTransport } from "./transport";

export interface KubernetesClientOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Instead of HTTPS; it must not sleep on `clock`, which stands still during a request. */
  readonly transport?: KubernetesTransport;
  /** Instead of a WebSocket; as `transport`. */
  readonly exec?: ExecTransport;
  /** Bound of one request, milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

/** A node list is read in pages of this many, so that a large cluster is no large answer. */
const pageSize = 500;
const secrets = "/api/v1/namespaces/kube-system/secrets";

const resources = ({ cpu, memory }: Readonly<Record<string, string>> = {}): Resources => ({ cpu: quantity(cpu), memory: quantity(memory) });

/** A node of the API in the core's words. */
function toNode(node: V1Node): KubernetesNode {
  const ready = node.status?.conditions?.find((condition) => condition.type === "Ready");
  const isReady = ready?.status === "True";
  const since = Date.parse(String(ready?.lastTransitionTime));
  return {
    name: node.metadata?.name ?? "",
    ready: isReady,
    version: (node.status?.nodeInfo?.kubeletVersion ?? "").replace(/^v/, ""),
    internalIp: node.status?.addresses?.find((address) => address.type === "InternalIP")?.address,
    labels: node.metadata?.labels ?? {},
    annotations: node.metadata?.annotations ?? {},
    unschedulable: node.spec?.unschedulable ?? false,
    reason: isReady ? undefined : (ready?.message ?? ready?.reason ?? "the kubelet has not reported yet"),
    pressures: (node.status?.conditions ?? []).flatMap(({ type, status }) => (type.endsWith("Pressure") && status === "True" ? [type] : [])),
    runtime: node.status?.nodeInfo?.containerRuntimeVersion ?? "",
    ...(Number.isNaN(since) ? {} : { since }),
    allocatable: resources(node.status?.allocatable),
  };
}

const nodePath = (name: string): string => `/api/v1/nodes/${encodeURIComponent(name)}`;

function toPod({ metadata, spec, status }: V1Pod): KubernetesPod {
  const controller = metadata?.ownerReferences?.find((owner) => owner.controller)?.kind;
  return {
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    ...(controller === undefined ? {} : { controller }),
    ended: status?.phase === "Succeeded" || status?.phase === "Failed",
    ending: metadata?.deletionTimestamp !== undefined,
    ready: status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false,
    ...(spec?.nodeName === undefined ? {} : { node: spec.nodeName }),
    requests: requestsOf(spec),
  };
}

function requestsOf(spec: V1Pod["spec"]): Resources {
  const each = (spec?.containers ?? []).map((container) => resources(container.resources?.requests));
  return { cpu: each.reduce((total, { cpu }) => total + cpu, 0), memory: each.reduce((total, { memory }) => total + memory, 0) };
}

const toBudget = ({ metadata, status }: V1PodDisruptionBudget): DisruptionBudget => ({
  namespace: metadata?.namespace ?? "",
  name: metadata?.name ?? "",
  pods: status?.expectedPods ?? 0,
  allowed: status?.disruptionsAllowed ?? 0,
});

class KubernetesClient implements KubernetesPort {
  constructor(
    private readonly access: ClusterAccess,
    private readonly transport: KubernetesTransport,
    private readonly exec: ExecTransport,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async ready(): Promise<boolean> {
    try {
      const answer = await this.send({ method: "GET", path: "/readyz" });
      if (answer.status === 401 || answer.status === 403) throw refusal(`GET ${this.access.endpoint}/readyz`, answer);
      return answer.status === 200;
    } catch (error) {
      if (error instanceof KubernetesError && (error.kind === "unreachable" || error.kind === "timeout")) {
        this.log.debug(error.message);
        return false;
      }
      throw error;
    }
  }

  async nodes(): Promise<KubernetesNode[]> {
    return (await this.list<V1NodeList, V1Node>("/api/v1/nodes")).map(toNode);
  }

  /** https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats */
  async heartbeats(): Promise<ReadonlyMap<string, string>> {
    const leases = await this.list<V1LeaseList, V1Lease>("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases");
    return new Map(leases.map(({ metadata, spec }) => [metadata?.name ?? "", String(spec?.renewTime ?? "")]));
  }

  private async list<List extends { items: Item[]; metadata?: object }, Item>(path: string, query: Readonly<Record<string, string>> = {}): Promise<Item[]> {
    const found: Item[] = [];
    let next: string | undefined;
    do {
      const page = await this.json<List>({ method: "GET", path, query: { ...query, limit: String(pageSize), ...(next && { continue: next }) } });
      found.push(...page.items);
      // The field is `continue` on the wire; `_continue` is only client-node's name for it.
      next = (page.metadata as { continue?: string } | undefined)?.continue || undefined;
    } while (next !== undefined);
    return found;
  }

  async labelNode(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await this.patchNode(name, { metadata: { labels } });
  }

  private async patchNode(name: string, patch: object): Promise<void> {
    await this.json({ method: "PATCH", path: nodePath(name), headers: { "content-type": "application/merge-patch+json" }, body: JSON.stringify(patch) });
  }

  async cordonNode(name: string, { annotation, value }: NodeMark): Promise<void> {
    await this.changeNode(name, ({ unschedulable }) => (unschedulable ? undefined : { metadata: { annotations: { [annotation]: value } }, spec: { unschedulable: true } }));
  }

  async uncordonNode(name: string, { annotation, value }: NodeMark): Promise<void> {
    await this.changeNode(name, ({ annotations }) => (annotations[annotation] === value ? { metadata: { annotations: { [annotation]: null } }, spec: { unschedulable: null } } : undefined));
  }

  /** With the version that was looked at: whoever changes it in between is not overwritten, and the next attempt looks again. */
  private async changeNode(name: string, decide: (node: KubernetesNode) => { metadata: object; spec: object } | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const node = await this.json<V1Node>({ method: "GET", path: nodePath(name) });
      const patch = decide(toNode(node));
      if (patch === undefined) return;
      try {
        return await this.patchNode(name, { ...patch, metadata: { ...patch.metadata, resourceVersion: node.metadata?.resourceVersion } });
      } catch (error) {
        if (!(error instanceof KubernetesError) || error.status !== 409 || attempt >= 5) throw error;
      }
    }
  }

  async annotateNode(name: string, annotations: Readonly<Record<string, string | undefined>>): Promise<void> {
    await this.patchNode(name, { metadata: { annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, value ?? null])) } });
  }

  /** https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/#kubeadm-k8s-io-v1beta4-ClusterConfiguration */
  async clusterVersion(): Promise<string> {
    const path = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";
    const { data } = await this.json<V1ConfigMap>({ method: "GET", path });
    const version = /^kubernetesVersion: v(\S+)$/m.exec(data?.ClusterConfiguration ?? "")?.[1];
    if (version === undefined) throw new KubernetesError("refused", `${this.access.endpoint}${path} names no kubernetesVersion. kubeadm keeps it there; somebody has changed it. Restore it, then run again.`);
    return version;
  }

  async pods(): Promise<KubernetesPod[]> {
    return (await this.list<V1PodList, V1Pod>("/api/v1/pods")).map(toPod);
  }

  async podsOn(node: string): Promise<KubernetesPod[]> {
    return (await this.list<V1PodList, V1Pod>("/api/v1/pods", { fieldSelector: `spec.nodeName=${node}` })).map(toPod);
  }

  /** Chosen here: not every version selects services by type. */
  async loadBalancers(): Promise<KubernetesLoadBalancer[]> {
    return (await this.list<V1ServiceList, V1Service>("/api/v1/services")).filter(({ spec }) => spec?.type === "LoadBalancer").map(toLoadBalancer);
  }

  async volumes(): Promise<KubernetesVolume[]> {
    return (await this.list<V1PersistentVolumeList, V1PersistentVolume>("/api/v1/persistentvolumes")).map(toVolume);
  }

  async evictPod({ namespace, name }: Pick<KubernetesPod, "namespace" | "name">): Promise<string | undefined> {
    const body = JSON.stringify({ apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } });
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/eviction`;
    const answer = await this.send({ method: "POST", path, body });
    if (isHeld(answer)) return said(answer.body);
    return void this.accept(answer, `POST ${this.access.endpoint}${path}`, [404]);
  }

  async budgets(): Promise<DisruptionBudget[]> {
    return (await this.list<V1PodDisruptionBudgetList, V1PodDisruptionBudget>("/apis/policy/v1/poddisruptionbudgets")).map(toBudget);
  }

  async deleteNode(name: string): Promise<void> {
    await this.json({ method: "DELETE", path: nodePath(name) }, [404]);
  }

  async putBootstrapToken(token: string, expires: Date): Promise<void> {
    const body = JSON.stringify(bootstrapTokenSecret(token, expires));
    const made = await this.exchange({ method: "POST", path: secrets, body }, [409]);
    if (made.status === 409) await this.json({ method: "PUT", path: `${secrets}/${bootstrapTokenSecretName(token)}`, body });
  }

  async deleteBootstrapToken(token: string): Promise<void> {
    await this.json({ method: "DELETE", path: `${secrets}/${bootstrapTokenSecretName(token)}` }, [404]);
  }

  private readonly ask: secret.Exchange = (request, also) => this.exchange(request, also);

  cloudConfig(): Promise<CloudConfig | undefined> {
    return secret.cloudConfig(this.ask);
  }

  putCloudConfig(text: string): Promise<void> {
    return secret.putCloudConfig(this.ask, text);
  }

  restartCloudUsers(): Promise<void> {
    return secret.restartCloudUsers(this.ask);
  }

  deleteCloudConfig(): Promise<void> {
    return secret.deleteCloudConfig(this.ask);
  }

  async etcdMembers(via: string): Promise<EtcdMember[]> {
    return this.etcdctl(via).members();
  }

  async removeEtcdMember(via: string, id: string): Promise<void> {
    await this.etcdctl(via).remove(id);
  }

  async moveEtcdLeader(via: string, to: string): Promise<void> {
    await this.etcdctl(via).moveLeader(to);
  }

  private etcdctl(via: string): Etcdctl {
    return new Etcdctl(via, this.access, async (request) => {
      try {
        return await this.clock.hold(() => this.exec(request, this.access));
      } catch (error) {
        throw connectionError(error, `etcdctl in ${request.pod} by ${this.access.endpoint}`);
      }
    });
  }

  private async send(request: Pick<KubernetesRequest, "method" | "path"> & Partial<KubernetesRequest>): Promise<KubernetesResponse> {
    const whole: KubernetesRequest = {
      ...request,
      query: request.query ?? {},
      headers: { accept: "application/json", "user-agent": "ablestack-kubernetes", ...(request.body !== undefined && { "content-type": "application/json" }), ...request.headers },
    };
    try {
      return await this.clock.hold(() => this.transport(whole, this.access));
    } catch (error) {
      throw connectionError(error, `${request.method} ${this.access.endpoint}${request.path}`);
    }
  }

  /** An answer of 2xx or of `also`; anything else is thrown. */
  private async exchange(request: Parameters<KubernetesClient["send"]>[0], also: readonly number[] = []): Promise<KubernetesResponse> {
    return this.accept(await this.send(request), `${request.method} ${this.access.endpoint}${request.path}`, also);
  }

  private accept(answer: KubernetesResponse, what: string, also: readonly number[]): KubernetesResponse {
    if ((answer.status >= 200 && answer.status < 300) || also.includes(answer.status)) return answer;
    throw refusal(what, answer);
  }

  private async json<T>(request: Parameters<KubernetesClient["send"]>[0], also?: readonly number[]): Promise<T> {
    const answer = await this.exchange(request, also);
    try {
      return JSON.parse(answer.body) as T;
    } catch (cause) {
      throw new KubernetesError("refused", `${request.method} ${this.access.endpoint}${request.path}: the answer is not JSON. Something that is no Kubernetes API answers at this address.`, answer.status, { cause });
    }
  }
}

/**
 * A client of one cluster. Making it costs and connects nothing; connections are kept for the calls that follow.
 * Each call rejects with a `KubernetesError`: `unreachable` (nobody there, or a 5xx), `timeout`, `foreign` (another CA), `forbidden` (401, 403), `refused`.
 * @example createKubernetesClient({ endpoint: "https://203.0.113.7:6443", caCertificate, clientCertificate, clientKey }, { clock, log })
 */
export function createKubernetesClient(access: ClusterAccess, options: KubernetesClientOptions): KubernetesPort {
  const timeoutMs = options.timeoutMs ?? 10_000;
  return new KubernetesClient(access, options.transport ?? httpsTransport(access, timeoutMs), options.exec ?? webSocketExec(access, timeoutMs), options.clock, options.log);
}
