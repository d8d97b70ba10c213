/** One cluster's API: requests in, objects or refusals out. Knows nothing of sockets, machines or certificates' making. */
import type { EmulatorClock } from "../../clock";
import type { Identity } from "../certificates";
import { authorize, authorizePath, restrictNode } from "./access";
import { adopt, checkName, checkNamespace, fillIn, furnishNamespace } from "./admission";
import { serverSideApply } from "./apply";
import { discover } from "./discovery";
import { exec, type Executed, type RunInPod } from "./exec";
import { removed, schedulingChanged } from "./node-events";
import { copy, isObject, objectIn, stringIn, timestamp, type JsonObject, type KubernetesObject, type ObjectStore } from "./objects";
import { jsonPatch, mergePatch, strategicMerge } from "./patch";
import { attributesOf, bodyOf, isDryRun, isWatch, objectBody, targetOf, type ApiRequest, type Target } from "./request";
import { apiVersion, kinds, resources } from "./resources";
import { review } from "./reviews";
import { fieldSelector, labelSelector, type Selector } from "./selectors";
import { alreadyExists, conflict, notFound, Refusal, success } from "./status";
import { bind, evict, logOf, rescale, scaleOf } from "./subresources";
import { table, wantsTable } from "./tables";
import { watch, type Watch } from "./watch";
import type { Workloads } from "./workloads";

interface Answered {
  readonly status: number;
  readonly contentType: string;
}
/** A body, a stream of changes, or a connection that is upgraded to carry what a command printed. */
export type Answer = (Answered & { readonly body: string }) | (Answered & { readonly watch: Watch }) | (Answered & { readonly exec: Executed });

export interface ApiOptions {
  readonly store: ObjectStore;
  readonly workloads: Workloads;
  readonly clock: EmulatorClock;
  readonly uuid: () => string;
  readonly endpoint: string;
  readonly serviceSubnet: string;
  readonly caCertificate: string;
  readonly bookmarkEveryMs: number;
  /** What an object reads as now: heartbeats of living kubelets, signatures. */
  readonly present: (object: KubernetesObject) => KubernetesObject;
  /** Told of every deleted pod, because the kubelet of a static one makes its mirror again. */
  readonly podDeleted: (pod: KubernetesObject) => void;
  readonly exec: RunInPod;
}

const JSON_TYPE = "application/json";
const DEFAULT_WATCH_SECONDS = 1800;
const UNCHANGED = "the object has been modified; please apply your changes to the latest version and try again";

export class KubernetesApi {
  constructor(private readonly options: ApiOptions) {}

  /**
   * Answers a request.
   * @param version of the API server that answers, `1.35.4`.
   */
  handle(request: ApiRequest, who: Identity, version: string): Answer {
    try {
      return this.route(request, who, version);
    } catch (error) {
      if (error instanceof Refusal) return json(error.code, error.status());
      throw error;
    } finally {
      this.options.workloads.settle();
    }
  }

  private route(request: ApiRequest, who: Identity, version: string): Answer {
    const target = targetOf(request.path);
    if (!target) return this.nonResource(request, who, version);
    if ("review" in target) {
      if (request.method !== "POST") throw new Refusal("MethodNotAllowed", "the server does not allow this method on the requested resource");
      authorize(this.options.store, who, { verb: "create", group: target.group, resource: target.review, subresource: "", namespace: undefined, name: undefined });
      return json(201, review(target.review, target.group, objectBody(request), who, this.options.store, this.options.clock.now()));
    }
    authorize(this.options.store, who, attributesOf(target, request));
    // The same with either method: a WebSocket asks with GET.
    if (target.subresource === "exec") return { status: 101, contentType: JSON_TYPE, exec: exec(this.existing(target), request, this.options.exec) };
    switch (request.method) {
      case "GET":
      case "HEAD":
        return target.name === undefined || isWatch(request) ? this.list(target, request) : this.get(target, request);
      case "POST":
        return this.post(target, request);
      case "PUT":
        return this.write(target, request, who, () => objectBody(request));
      case "PATCH":
        return this.patch(target, request, who);
      case "DELETE":
        return this.delete(target, request);
      default:
        throw new Refusal("MethodNotAllowed", "the server does not allow this method on the requested resource");
    }
  }

  private nonResource(request: ApiRequest, who: Identity, version: string): Answer {
    const path = request.path.replace(/(.)\/+$/, "$1");
    authorizePath(who, path);
    if (/^\/(readyz|livez|healthz)(\/[\w-]+)?$/.test(path)) {
      const verbose = request.query.has("verbose") ? `[+]ping ok\n[+]etcd ok\n[+]informer-sync ok\n${path.slice(1)} check passed\n` : "ok";
      return { status: 200, contentType: "text/plain; charset=utf-8", body: verbose };
    }
    // An empty document in protobuf: clients that still read OpenAPI v2 find no schema and validate nothing.
    if (path === "/openapi/v2") return { status: 200, contentType: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf", body: "" };
    const found = discover(path, version, this.options.endpoint);
    if (!found) throw new Refusal("NotFound", "the server could not find the requested resource", {});
    return json(200, found);
  }

  private selects(request: ApiRequest, target: Target): Selector {
    const labels = labelSelector(request.query.get("labelSelector"));
    const fields = fieldSelector(request.query.get("fieldSelector"));
    return (object) => (target.name === undefined || object.metadata.name === target.name) && labels(object) && fields(object);
  }

  private list(target: Target, request: ApiRequest): Answer {
    const { store, clock, present, bookmarkEveryMs } = this.options;
    const { resource, namespace } = target;
    const selects = this.selects(request, target);
    const include = request.query.get("includeObject") ?? "Metadata";
    const asTable = wantsTable(request.headers.accept);
    if (isWatch(request))
      return {
        status: 200,
        contentType: JSON_TYPE,
        watch: watch({
          store, clock, resource, namespace, selects, present, bookmarkEveryMs,
          resourceVersion: request.query.get("resourceVersion") ?? undefined,
          sendInitialEvents: request.query.get("sendInitialEvents") === "true",
          bookmarks: request.query.get("allowWatchBookmarks") === "true",
          timeoutMs: Number(request.query.get("timeoutSeconds") ?? DEFAULT_WATCH_SECONDS) * 1000,
          table: asTable ? include : undefined,
        }),
      };
    const all = store.list(resource, namespace).filter(selects);
    const limit = Number(request.query.get("limit") ?? 0);
    const start = Number(request.query.get("continue") ?? 0);
    const page = limit > 0 ? all.slice(start, start + limit) : all.slice(start);
    const left = all.length - start - page.length;
    const metadata: JsonObject = { resourceVersion: String(store.version), ...(left > 0 ? { continue: String(start + page.length), remainingItemCount: left } : {}) };
    const items = page.map(present);
    if (asTable) return json(200, table(resource, items, metadata, clock.now(), include));
    return json(200, { kind: `${resource.kind}List`, apiVersion: apiVersion(resource), metadata, items });
  }

  private existing(target: Target): KubernetesObject {
    const found = this.options.store.get(target.resource, target.namespace, target.name ?? "");
    if (!found) throw notFound(target.resource, target.name ?? "");
    return found;
  }

  private get(target: Target, request: ApiRequest): Answer {
    const object = this.options.present(this.existing(target));
    if (target.subresource === "scale") return json(200, scaleOf(object));
    if (target.subresource === "log") return { status: 200, contentType: "text/plain", body: logOf(object) };
    if (wantsTable(request.headers.accept)) return json(200, table(target.resource, [object], { resourceVersion: object.metadata.resourceVersion }, this.options.clock.now(), request.query.get("includeObject") ?? "Metadata"));
    return json(200, object);
  }

  private post(target: Target, request: ApiRequest): Answer {
    const { store } = this.options;
    if (target.subresource === "eviction" || target.subresource === "binding") {
      const pod = this.existing(target);
      const body = objectBody(request);
      if (target.subresource === "binding") return json(201, bind(store, pod, body));
      const answer = evict(store, pod);
      if (!isDryRun(request, objectIn(body, "deleteOptions"))) this.erase(target, pod);
      return json(201, answer);
    }
    if (target.name !== undefined) throw new Refusal("MethodNotAllowed", "the server does not allow this method on the requested resource");
    return json(201, this.create(target, objectBody(request), isDryRun(request)));
  }

  private create(target: Target, body: JsonObject & { metadata: JsonObject }, dryRun: boolean): KubernetesObject {
    const { store, serviceSubnet, caCertificate, uuid } = this.options;
    const { resource } = target;
    if (body.kind !== undefined && body.kind !== resource.kind) throw new Refusal("BadRequest", `the object provided (${String(body.kind)}) is not a ${resource.kind}`);
    const prefix = stringIn(body.metadata, "generateName");
    const name = stringIn(body.metadata, "name") ?? (prefix === undefined ? undefined : `${prefix}${uuid().replace(/-/g, "").slice(-5)}`);
    if (name === undefined) throw new Refusal("Invalid", `${resource.kind} "" is invalid: metadata.name: Required value: name or generateName is required`);
    checkName(resource, name);
    const own = stringIn(body.metadata, "namespace");
    const namespace = resource.namespaced ? (target.namespace ?? own) : undefined;
    if (own !== undefined && resource.namespaced && own !== namespace) throw new Refusal("BadRequest", "the namespace of the provided object does not match the namespace sent on the request");
    if (resource.namespaced) checkNamespace(store, namespace ?? "");
    if (store.get(resource, namespace, name)) throw alreadyExists(resource, name);
    const object: JsonObject & { metadata: JsonObject } = { ...body, metadata: { ...body.metadata, name, namespace } };
    fillIn(resource, object, store, serviceSubnet);
    if (dryRun) return { ...object, apiVersion: apiVersion(resource), kind: resource.kind, metadata: { ...object.metadata, name, uid: uuid(), resourceVersion: "", creationTimestamp: timestamp(this.options.clock.now()) } };
    const added = store.add(resource, object);
    if (resource.kind === "Namespace") furnishNamespace(store, name, caCertificate);
    return added;
  }

  /** PUT, and the end of every PATCH. */
  private write(target: Target, request: ApiRequest, who: Identity, next: (before: KubernetesObject) => JsonObject): Answer {
    const { store, clock } = this.options;
    const { resource, subresource } = target;
    const before = this.existing(target);
    if (subresource === "scale") return json(200, rescale(store, resource, before, next(before)));
    const after = next(before);
    const metadata = objectIn(after, "metadata");
    if (metadata.name !== undefined && metadata.name !== before.metadata.name) throw new Refusal("BadRequest", `the name of the object (${String(metadata.name)}) does not match the name on the URL (${before.metadata.name})`);
    if (metadata.uid !== undefined && metadata.uid !== before.metadata.uid) throw conflict(resource, before.metadata.name, `Precondition failed: UID in precondition: ${String(metadata.uid)}, UID in object meta: ${before.metadata.uid}`);
    if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== "" && metadata.resourceVersion !== before.metadata.resourceVersion) throw conflict(resource, before.metadata.name, UNCHANGED);
    if (resource.kind === "Node") restrictNode(who, before, after);
    const adopted = adopt(resource, before, { ...after, metadata } as KubernetesObject, subresource);
    if (isDryRun(request)) return json(200, adopted);
    const done = store.replace(resource, adopted);
    schedulingChanged(store, before, done, clock.now());
    // What was only waiting for its last finalizer goes now.
    if (done.metadata.deletionTimestamp && (done.metadata.finalizers ?? []).length === 0) this.erase(target, done);
    return json(200, done);
  }

  private patch(target: Target, request: ApiRequest, who: Identity): Answer {
    const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
    const body = bodyOf(request);
    if (type === "application/apply-patch+yaml") return this.apply(target, request, who, body);
    return this.write(target, request, who, (before) => {
      const base: JsonObject = copy(target.subresource === "scale" ? scaleOf(before) : before);
      if (type === "application/json-patch+json") return jsonPatch(base, body ?? []);
      if (!isObject(body)) throw new Refusal("BadRequest", "the patch is not an object");
      // A patch may carry the resource version it was made for; without one it applies to whatever is there.
      if (type === "application/merge-patch+json") return mergePatch(base, body) as JsonObject;
      if (type === "application/strategic-merge-patch+json") return strategicMerge(base, body);
      throw new Refusal("UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml");
    });
  }

  private apply(target: Target, request: ApiRequest, who: Identity, body: unknown): Answer {
    const manager = request.query.get("fieldManager");
    if (!manager) throw new Refusal("Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
    if (!isObject(body as JsonObject)) throw new Refusal("BadRequest", "the patch is not an object");
    const applied = body as JsonObject;
    const { store, clock } = this.options;
    const time = timestamp(clock.now());
    const known = store.get(target.resource, target.namespace, target.name ?? "");
    if (known) return this.write(target, request, who, (before) => serverSideApply(before, withPlainData(applied), manager, request.query.get("force") === "true", time));
    if (target.subresource !== "") throw notFound(target.resource, target.name ?? "");
    const metadata = { ...objectIn(applied, "metadata"), name: target.name };
    const made = this.create({ ...target, name: undefined }, { ...applied, metadata }, true);
    const owned = serverSideApply(made, withPlainData(applied), manager, true, time);
    if (isDryRun(request)) return json(201, owned);
    return json(201, this.create({ ...target, name: undefined }, { ...applied, metadata: { ...metadata, managedFields: owned.metadata.managedFields } }, false));
  }

  private delete(target: Target, request: ApiRequest): Answer {
    const body = bodyOf(request);
    const options = isObject(body) ? body : {};
    const dryRun = isDryRun(request, options);
    if (target.name === undefined) {
      const doomed = this.options.store.list(target.resource, target.namespace).filter(this.selects(request, target));
      if (!dryRun) for (const object of doomed) this.erase({ ...target, namespace: object.metadata.namespace, name: object.metadata.name }, object);
      return json(200, { kind: `${target.resource.kind}List`, apiVersion: apiVersion(target.resource), metadata: { resourceVersion: String(this.options.store.version) }, items: doomed });
    }
    const object = this.existing(target);
    const expected = objectIn(options, "preconditions");
    if (expected.uid !== undefined && expected.uid !== object.metadata.uid) throw conflict(target.resource, object.metadata.name, `Precondition failed: UID in precondition: ${String(expected.uid)}, UID in object meta: ${object.metadata.uid}`);
    if (expected.resourceVersion !== undefined && expected.resourceVersion !== object.metadata.resourceVersion) throw conflict(target.resource, object.metadata.name, UNCHANGED);
    if (target.resource.kind === "Namespace" && ["default", "kube-system", "kube-public"].includes(object.metadata.name)) throw new Refusal("Forbidden", `namespaces "${object.metadata.name}" is forbidden: this namespace may not be deleted`);
    if (!dryRun) this.erase(target, object);
    return json(200, success({ name: object.metadata.name, group: target.resource.group || undefined, kind: target.resource.plural, uid: object.metadata.uid }));
  }

  /** Deletes now, or marks it as being deleted while finalizers hold it. A namespace takes along what is in it. */
  private erase(target: Target, object: KubernetesObject): void {
    const { store, clock, podDeleted } = this.options;
    const { name, namespace } = object.metadata;
    if ((object.metadata.finalizers ?? []).length > 0) {
      store.change(target.resource, namespace, name, (next) => {
        next.metadata.deletionTimestamp ??= timestamp(clock.now());
        next.metadata.deletionGracePeriodSeconds = 0;
      });
      return;
    }
    if (target.resource.kind === "Namespace")
      for (const resource of resources) if (resource.namespaced) for (const each of store.list(resource, name)) store.remove(resource, name, each.metadata.name);
    store.remove(target.resource, namespace, name);
    if (target.resource.kind === kinds.pod.kind) podDeleted(object);
    if (target.resource.kind === kinds.node.kind) removed(store, object, clock.now());
  }
}

/** Applied secrets may carry `stringData`, which is never stored. */
function withPlainData(applied: JsonObject): JsonObject {
  if (applied.kind !== "Secret" || !isObject(applied.stringData)) return applied;
  const { stringData, ...rest } = applied;
  const encoded = Object.fromEntries(Object.entries(stringData as JsonObject).map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")]));
  return { ...rest, data: { ...objectIn(rest, "data"), ...encoded } };
}

function json(status: number, body: JsonObject): Answer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify(body) };
}
