/** Watches: the state to begin with, every change after it, bookmarks in between. */
import type { EmulatorClock } from "../../clock";
import { type Change, type ChangeType, type JsonObject, type KubernetesObject, type ObjectStore } from "./objects";
import type { Resource } from "./resources";
import { apiVersion } from "./resources";
import type { Selector } from "./selectors";
import { Refusal } from "./status";
import { table } from "./tables";

export interface WatchOptions {
  readonly store: ObjectStore;
  readonly clock: EmulatorClock;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  /** Labels and fields together. */
  readonly selects: Selector;
  /** As in the query; undefined, empty and `0`: begin with what is there. */
  readonly resourceVersion: string | undefined;
  readonly sendInitialEvents: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  readonly bookmarkEveryMs: number;
  /** Send rows of tables; what each carries. */
  readonly table: string | undefined;
  /** The object as it reads now (heartbeats). */
  readonly present: (object: KubernetesObject) => KubernetesObject;
}

export interface Watch {
  /** Lines of JSON without their newline. Returns what stops it; `ended` is called when it ends by itself. */
  start(send: (line: string) => void, ended: () => void): () => void;
}

/** Where a change puts an object for somebody who only sees what a selector selects. */
function seen(change: Change, selects: Selector): ChangeType | undefined {
  const is = selects(change.object);
  if (change.type === "ADDED") return is ? "ADDED" : undefined;
  if (change.type === "DELETED") return change.before && selects(change.before) ? "DELETED" : undefined;
  const was = change.before !== undefined && selects(change.before);
  if (is) return was ? "MODIFIED" : "ADDED";
  return was ? "DELETED" : undefined;
}

export function watch(options: WatchOptions): Watch {
  const { store, resource, namespace, clock } = options;
  const concerns = (change: Change): boolean => change.resource.kind === resource.kind && (namespace === undefined || change.object.metadata.namespace === namespace);

  return {
    start(send, ended) {
      let first = true;
      const event = (type: string, object: JsonObject): void => send(JSON.stringify({ type, object }));
      const show = (type: ChangeType, object: KubernetesObject): void => {
        const shown = options.present(object);
        if (options.table === undefined) return event(type, shown);
        event(type, table(resource, [shown], { resourceVersion: object.metadata.resourceVersion }, clock.now(), options.table, first));
        first = false;
      };
      const bookmark = (annotations?: Record<string, string>): void => {
        const metadata = { resourceVersion: String(store.version), creationTimestamp: null, annotations };
        // A bookmark carries an object of the watched kind, or in a table watch a table without rows.
        event("BOOKMARK", options.table === undefined ? { kind: resource.kind, apiVersion: apiVersion(resource), metadata } : { kind: "Table", apiVersion: "meta.k8s.io/v1", metadata, columnDefinitions: null, rows: [] });
      };
      const change = (each: Change): void => {
        if (!concerns(each)) return;
        const type = seen(each, options.selects);
        if (type) show(type, each.object);
      };

      const fresh = options.resourceVersion === undefined || options.resourceVersion === "" || options.resourceVersion === "0";
      if (fresh || options.sendInitialEvents) {
        for (const object of store.list(resource, namespace)) if (options.selects(object)) show("ADDED", object);
        if (options.sendInitialEvents) bookmark({ "k8s.io/initial-events-end": "true" });
      } else {
        const missed = store.since(Number(options.resourceVersion));
        if (!missed) {
          event("ERROR", new Refusal("Expired", `too old resource version: ${options.resourceVersion} (${store.version})`).status());
          ended();
          return () => undefined;
        }
        missed.forEach(change);
      }

      const stopListening = store.listen(change);
      let cancelBookmark = (): void => undefined;
      const arm = (): void => {
        cancelBookmark = clock.after(options.bookmarkEveryMs, () => {
          bookmark();
          arm();
        });
      };
      if (options.bookmarks) arm();
      const cancelTimeout = clock.after(options.timeoutMs, () => {
        stop();
        ended();
      });
      const stop = (): void => {
        stopListening();
        cancelBookmark();
        cancelTimeout();
      };
      return stop;
    },
  };
}
