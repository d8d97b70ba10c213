/**
 * One process' way to the world: a Mold client per connection, shared by all resources of the run, and a client per cluster. Nothing
 * is loaded or sent before something asks for it.
 */
import { createHash, randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { systemClock } from "../core/clock";
import type { Clock, ClusterAccess, CommandName, KubernetesPort, Log, MoldPort, World } from "../core/ports";
import { forgetLists } from "../core/shared-lists";
import { createKubernetesClient, type KubernetesClientOptions } from "../kubernetes/client";
import { createMoldClient, type MoldClientOptions } from "../mold/client";
import { connectionFrom, type ConnectionSettings, type Environment } from "../mold/connection";
import type { Declared, Session } from "./handler";

export interface SessionOptions {
  /** The value of a full configuration key (`ablestack:apiUrl`), secrets unwrapped; undefined when it is not set. */
  readonly config: (key: string) => string | undefined;
  readonly env: Environment;
  readonly log: Log;
  /** Aborts when the engine is gone or the user gave up: no new step begins. */
  readonly signal: AbortSignal;
  /** Default: `runId()`. */
  readonly run?: string;
  /** Default: the machine's own time. */
  readonly clock?: Clock;
  /** Default: over HTTP. */
  readonly createMold?: (settings: ConnectionSettings, options: MoldClientOptions) => MoldPort;
  /** Default: over HTTPS. */
  readonly createKubernetes?: (access: ClusterAccess, options: KubernetesClientOptions) => KubernetesPort;
}

/**
 * Makes a session. Making it reads and sends nothing.
 * @throws ConnectionError from `world`, naming each key that is missing or wrong and how to set it
 * @example
 * const session = createSession({ config: (key) => config.get(key), env: process.env, log, signal });
 * const { mold } = session.world(undefined, { owner: "pulumi:acme/shop/dev", resource: "prod" });
 */
export function createSession(options: SessionOptions): Session {
  const { log, signal, run = runId(), clock = systemClock, createMold = createMoldClient, createKubernetes = createKubernetesClient } = options;
  // Every wait of a run listens to it, a hundred at once: Node would print a warning of a leak among the user's lines.
  setMaxListeners(0, signal);
  const molds = new Map<string, MoldPort>();
  const clusters = new Map<string, KubernetesPort>();
  const worlds = new Map<string, World>();

  const settingsOf = (connection: string | undefined): ConnectionSettings => connectionFrom({ get: options.config }, options.env, connection);
  const moldOf = (connection: string | undefined): MoldPort => {
    const key = connection ?? "";
    const known = molds.get(key);
    if (known) return known;
    const mold = forgetful(createMold(settingsOf(connection), { clock, log }));
    molds.set(key, mold);
    return mold;
  };
  const kubernetes = (access: ClusterAccess): KubernetesPort => {
    // A cluster that took another's place may have its address: a client is kept for one and the same cluster only.
    const key = JSON.stringify([access.endpoint, access.caCertificate, access.clientCertificate]);
    const known = clusters.get(key) ?? createKubernetes(access, { clock, log });
    clusters.set(key, known);
    return known;
  };
  return {
    credentials: settingsOf,
    world(connection: string | undefined, { owner }: Declared["declaredBy"]): World {
      const key = JSON.stringify([connection, owner]);
      const known = worlds.get(key);
      if (known) return known;
      const world: World = { mold: moldOf(connection), kubernetes, clock, log, run, runEnded, owner, signal };
      worlds.set(key, world);
      return world;
    },
  };
}

/** Lists that were looked at together are asked for anew after whatever changed something, and while it does. */
function forgetful(mold: MoldPort): MoldPort {
  const changing = async <T>(command: CommandName, work: () => Promise<T>): Promise<T> => {
    if (onlyLooks(command)) return work();
    forgetLists(port);
    return work().finally(() => forgetLists(port));
  };
  const port: MoldPort = {
    call: (command, params, context) => changing(command, () => mold.call(command, params, context)),
    list: (command, params, context) => mold.list(command, params, context),
    run: (command, params, context) => changing(command, () => mold.run(command, params, context)),
    start: (command, params, context) =>
      changing(command, async () => {
        const job = await mold.start(command, params, context);
        return { ...job, done: () => changing(command, () => job.done()) };
      }),
  };
  return port;
}

const onlyLooks = (command: CommandName): boolean => /^(list|get|query)/.test(command);

/** `<host>.<process>.<random>`, without colons. The host part also tells apart containers that share a host's name. */
export const runId = (): string => `${thisHost()}.${process.pid}.${randomBytes(4).toString("hex")}`;

/** True when a run of this host is known to have ended: a dead run's lock need not be waited for. */
export function runEnded(run: string): boolean {
  const match = /^(.+)\.(\d+)\.[0-9a-f]+$/.exec(run);
  if (!match || match[1] !== thisHost()) return false;
  const pid = Number(match[2]);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  return isZombie(pid);
}

/** Ended, and its parent has not asked how: so it stays listed in a container whose first process reaps nobody. */
function isZombie(pid: number): boolean {
  const status = tryRead(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  return status !== undefined && /\) Z /.test(status);
}

let host: string | undefined;

/** Process numbers mean something within one boot and one pid namespace only; where the system doesn't tell, the host name has to do. */
function thisHost(): string {
  if (host !== undefined) return host;
  const name = hostname().replace(/[^A-Za-z0-9-]/g, "-");
  const boot = tryRead(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const namespace = tryRead(() => readlinkSync("/proc/self/ns/pid"));
  const place = boot === undefined && namespace === undefined ? "" : `-${createHash("sha256").update(`${boot} ${namespace}`).digest("hex").slice(0, 8)}`;
  host = `${name}${place}`;
  return host;
}

function tryRead(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
