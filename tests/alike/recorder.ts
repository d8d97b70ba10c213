/** Watches a cloud and the cluster in it from outside, and keeps every change that it sees, as it was said. */
import type { ClusterAccess } from "../../provider/core/ports";
import { parseMachineName } from "../../provider/core/ownership";
import { TooOld, type Site } from "./site";
import { objects, trimmed, type Kind, type KubernetesObject, type TrimmedNode, type TrimmedPod } from "./trimmed";

export type Source = Kind | "machine" | "moldEvent" | "etcd" | "stage";

export interface Line {
  /** Milliseconds since the recording began. */
  readonly at: number;
  readonly stage: string;
  readonly source: Source;
  readonly name: string;
  /** What is so from now on; undefined: it is gone. */
  readonly now?: unknown;
}

/** How often Mold is asked for its machines. Milliseconds. */
const moldEvery = 200;
/** How long after a watch has ended the next one begins. */
const watchAgain = 200;
/** How often etcd is asked for its members: each time two programs are run in a pod. */
const etcdEvery = 3_000;
/** A stage is over when nodes and machines have been as they are for this long, and what runs in kube-system is Ready. */
const quietFor = 20_000;
const longestUntilQuiet = 120_000;

interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubernetesObject & { readonly code?: number };
}

export class Recorder {
  readonly lines: Line[] = [];
  private stage = "";
  private changed: number;
  private readonly begun: number;
  private readonly controller = new AbortController();
  private readonly loops: Promise<void>[] = [];
  /** By source and name, what was said last. */
  private readonly said = new Map<string, string>();
  private readonly events = new Set<string>();
  private readonly controlPlanes = new Map<string, boolean>();

  constructor(
    private readonly site: Site,
    private readonly keep: (line: Line) => void,
  ) {
    this.begun = this.changed = site.clock.now();
    this.loop(moldEvery, () => this.askMold());
  }

  async begin(stage: string): Promise<void> {
    this.stage = stage;
    this.add("stage", stage, "begun");
  }

  watch(access: ClusterAccess): void {
    for (const kind of Object.keys(objects) as Kind[]) this.loop(watchAgain, this.watcher(access, kind));
    const kubernetes = this.site.kubernetes(access);
    this.loop(etcdEvery, async () => {
      for (const [via, ready] of this.controlPlanes) {
        if (!ready) continue;
        const members = await kubernetes.etcdMembers(via).catch(() => undefined);
        if (members === undefined) continue;
        this.add("etcd", "members", members.map(({ name, peerUrls, isLearner, isLeader }) => ({ name: name || peerUrls.join(), isLearner, isLeader })).sort((a, b) => a.name.localeCompare(b.name)));
        return;
      }
    });
  }

  /** Until nothing has happened for a while. What Mold tells of the stage comes last. */
  async quiet(): Promise<void> {
    const since = (this.changed = this.site.clock.now());
    for (;;) {
      const now = this.site.clock.now();
      if ((now - this.changed >= quietFor && !this.awaitsPods()) || now - since >= longestUntilQuiet) break;
      await this.site.clock.sleep(1_000);
    }
    await this.askMoldEvents();
  }

  /** CoreDNS takes half a minute to be Ready again after a start. What is said of pods is old once no machine runs. */
  private awaitsPods(): boolean {
    const all = [...this.said];
    return all.some(([key, text]) => key.startsWith("machine ") && text.includes('"state":"Running"')) && all.some(([key, text]) => key.startsWith("pod kube-system/") && !isReady(JSON.parse(text) as TrimmedPod));
  }

  async end(): Promise<void> {
    this.controller.abort(new Error("the recording is over"));
    await Promise.all(this.loops);
  }

  /** Whatever it meets, it goes on: what is watched goes away and comes back. */
  private loop(everyMs: number, work: () => Promise<void>): void {
    const { signal } = this.controller;
    const round = async (): Promise<void> => {
      while (!signal.aborted) {
        await work().catch(() => undefined);
        await this.site.clock.sleep(everyMs, signal).catch(() => undefined);
      }
    };
    this.loops.push(round());
  }

  /** Kept if it differs from what was said of it before. */
  private add(source: Source, name: string, now: unknown): void {
    const key = `${source} ${name}`;
    const text = now === undefined ? "" : JSON.stringify(now);
    if ((this.said.get(key) ?? "") === text && source !== "moldEvent") return;
    if (now === undefined) this.said.delete(key);
    else this.said.set(key, text);
    const line: Line = { at: this.site.clock.now() - this.begun, stage: this.stage, source, name, ...(now === undefined ? {} : { now }) };
    if (source === "node" || source === "machine") this.changed = this.site.clock.now();
    this.lines.push(line);
    this.keep(line);
  }

  private gone(source: Source, there: ReadonlySet<string>): void {
    for (const key of [...this.said.keys()]) {
      const [of, ...name] = key.split(" ");
      if (of === source && !there.has(name.join(" "))) this.add(source, name.join(" "), undefined);
    }
  }

  private async askMold(): Promise<void> {
    const machines = await this.site.mold.list("listVirtualMachines", { listall: true });
    // A name may be taken again.
    const seen = new Set<string>();
    // Of what one look shows, what has come to rest was first: the next ones begin because of it.
    for (const { id, name, state, isoname, ipaddress, tags } of [...machines].sort((a, b) => Number(isAtRest(b)) - Number(isAtRest(a)))) {
      seen.add(`${name} ${id}`);
      this.add("machine", `${name} ${id}`, { state, isoname, address: ipaddress !== undefined, tags: Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value])) });
    }
    this.gone("machine", seen);
  }

  private async askMoldEvents(): Promise<void> {
    const told = await this.site.mold.list("listEvents", { listall: true });
    for (const { id, type, state, level, description, resourcename } of told) {
      if (id === undefined || this.events.has(id)) continue;
      this.events.add(id);
      this.add("moldEvent", id, { type, state, level, description, resourcename });
    }
  }

  private watcher(access: ClusterAccess, kind: Kind): () => Promise<void> {
    const path = objects[kind];
    const and = path.includes("?") ? "&" : "?";
    let version: string | undefined;
    const list = async (): Promise<void> => {
      const { metadata, items } = JSON.parse(await this.site.get(access, path)) as { metadata: { resourceVersion: string }; items: KubernetesObject[] };
      for (const item of items) this.see(kind, item);
      this.gone(kind, new Set(items.map(nameOf)));
      version = metadata.resourceVersion;
    };
    const take = (text: string): void => {
      const { type, object } = JSON.parse(text) as WatchEvent;
      if (type === "ERROR") {
        if (object.code === 410) version = undefined;
        return;
      }
      version = object.metadata.resourceVersion ?? version;
      if (type === "DELETED") this.add(kind, nameOf(object), undefined);
      else if (type !== "BOOKMARK") this.see(kind, object);
    };
    return async () => {
      if (version === undefined) await list();
      try {
        await this.site.watch(access, `${path}${and}watch=1&allowWatchBookmarks=true&resourceVersion=${version}`, take, this.controller.signal);
      } catch (error) {
        if (error instanceof TooOld) version = undefined;
        else throw error;
      }
    };
  }

  private see(kind: Kind, object: KubernetesObject): void {
    const name = nameOf(object);
    this.add(kind, name, trimmed[kind](object));
    if (kind === "node" && parseMachineName("prod", name)?.role === "control-plane") this.controlPlanes.set(name, isReady(trimmed.node(object)));
  }
}

const isAtRest = ({ state }: { readonly state?: string }): boolean => state === "Running" || state === "Stopped";

const nameOf = ({ metadata: { namespace, name } }: KubernetesObject): string => (namespace === undefined ? name : `${namespace}/${name}`);

const isReady = ({ conditions }: Pick<TrimmedNode, "conditions">): boolean => conditions.some(({ type, status }) => type === "Ready" && status === "True");

