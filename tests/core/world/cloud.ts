/**
 * A whole world in one process and in virtual time: the embedded Mold with its simulated machines, and runs against it, each of
 * which can be killed at any call, as a process is: nothing that it does afterwards has an effect.
 */
import { setMaxListeners } from "node:events";
import { createEmulator, type DirectRequest, type DirectResponse, type Emulator, type EmulatorOptions } from "../../../provider/emulator";
import type { Clock, ClusterAccess, KubernetesPort, Log, MoldPort, World } from "../../../provider/core/ports";
import { caHash } from "../../../provider/kubernetes/certificates";
import { KubernetesError } from "../../../provider/kubernetes/errors";
import { execHeaders, execPath, type ExecEnd } from "../../../provider/kubernetes/exec";
import { createKubernetesClient } from "../../../provider/kubernetes/client";
import { createMoldClient } from "../../../provider/mold/client";
import type { CloudCredentials, Declared, Session } from "../../../provider/handlers/handler";
import { VirtualClock } from "./virtual-clock";

/** Thrown at the call at which a run is killed, and at everything it tries afterwards. */
export class Killed extends Error {
  override readonly name = "Killed";
}

export interface KillAt {
  /** Counted from 1 over all calls of the run, to Mold and to Kubernetes. */
  readonly call: number;
  /** Before it is sent, or after it took effect and before the answer is read. */
  readonly when: "before" | "after";
}

const apiUrl = "http://127.0.0.1:8080/client/api";
const users = [
  { name: "admin", admin: true, apiKey: "admin-key", secretKey: "admin-secret" },
  { name: "user", apiKey: "user-key", secretKey: "user-secret" },
];

/** Something that happens beside a run, at one of its calls. */
export interface AtCall {
  /** Counted as in {@link KillAt}. */
  readonly call: number;
  readonly then: () => void;
}

export type UserName = "admin" | "user";

/** One process's worth of work: its calls, its lines, its end. */
export class Run {
  readonly lines: string[] = [];
  readonly calls: string[] = [];
  readonly controller = new AbortController();
  private killed: Killed | undefined;
  private readonly worlds = new Map<string, World>();

  constructor(
    private readonly cloud: Cloud,
    readonly name: string,
    private readonly user: UserName,
    private readonly killAt?: KillAt,
    private readonly atCall?: AtCall,
  ) {
    // As the session does: as many as wait at a time listen to the run's end.
    setMaxListeners(0, this.controller.signal);
  }

  get wasKilled(): boolean {
    return this.killed !== undefined;
  }

  throwIfKilled(): void {
    if (this.killed) throw this.killed;
  }

  get session(): Session {
    return { world: (_connection, declared) => this.world(declared), credentials: (connection) => this.cloud.connections.get(connection ?? "") ?? { apiUrl, apiKey: "key", secretKey: "hush-hush" } };
  }

  world({ owner }: Pick<Declared["declaredBy"], "owner">): World {
    const known = this.worlds.get(owner);
    if (known) return known;
    const { cloud } = this;
    const clock = this.clock();
    const say =
      (level: string) =>
      (message: string): void =>
        void this.lines.push(`${level} ${message}`);
    const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn") };
    const { apiKey, secretKey } = users.find(({ name }) => name === this.user)!;
    const mold: MoldPort = createMoldClient(
      { apiUrl, apiKey, secretKey, digest: "sha256", timeoutSeconds: 30, jobTimeoutSeconds: 3600 },
      {
        clock,
        log,
        random: () => 0.5,
        transport: async ({ body }) => {
          const command = new URLSearchParams(body).get("command") ?? "";
          const answer = await this.counted(command, () => cloud.emulator.handle({ method: "POST", path: "/client/api", headers: { "content-type": "application/x-www-form-urlencoded" }, body }));
          return { status: answer.status, headers: Object.fromEntries(Object.entries(answer.headers).map(([key, value]) => [key.toLowerCase(), value])), body: answer.body };
        },
      },
    );
    const world: World = {
      mold,
      kubernetes: (access) => this.kubernetes(access, clock, log),
      clock,
      log,
      run: this.name,
      runEnded: (run) => cloud.ended.has(run),
      owner,
      signal: this.controller.signal,
    };
    this.worlds.set(owner, world);
    return world;
  }

  private kubernetes(access: ClusterAccess, clock: Clock, log: Log): KubernetesPort {
    const { hostname, port } = new URL(access.endpoint);
    const ours = caHash(access.caCertificate);
    const ask = async (call: string, request: Omit<DirectRequest, "clientCertificate">): Promise<DirectResponse> => {
      const answer = await this.counted(`kubernetes ${call}`, () => this.cloud.emulator.request(hostname, Number(port), { ...request, clientCertificate: access.clientCertificate }));
      if (!answer) throw Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
      if (answer.headers["x-emulated-ca-hash"] !== ours) throw new KubernetesError("foreign", `another cluster answers at ${access.endpoint}`);
      return answer;
    };
    return createKubernetesClient(access, {
      clock,
      log,
      transport: ({ method, path, query, headers, body }) => {
        const search = new URLSearchParams(query).toString();
        return ask(`${method} ${path}`, { method, path: search ? `${path}?${search}` : path, headers, body });
      },
      exec: async (request) => {
        const words = request.command.filter((word) => !word.startsWith("--"));
        const answer = await ask(`exec ${request.pod} ${words.join(" ")}`, { method: "GET", path: execPath(request), headers: execHeaders, body: undefined });
        return answer.status === 101 ? { ended: JSON.parse(answer.body) as ExecEnd } : { refused: answer };
      },
    });
  }

  private async counted<T>(call: string, send: () => Promise<T>): Promise<T> {
    if (this.killed) throw this.killed;
    this.calls.push(call);
    if (this.atCall?.call === this.calls.length) this.atCall.then();
    const here = this.killAt?.call === this.calls.length;
    if (here && this.killAt?.when === "before") throw this.kill(call);
    const answer = await send();
    if (here) throw this.kill(call);
    return answer;
  }

  private kill(call: string): Killed {
    this.killed = new Killed(`killed ${this.killAt!.when} ${call}`);
    this.controller.abort(this.killed);
    return this.killed;
  }

  /** A dead process sleeps no more either. */
  private clock(): Clock {
    const { clock } = this.cloud;
    return {
      now: () => clock.now(),
      sleep: async (ms, signal) => {
        if (this.killed) throw this.killed;
        await clock.sleep(ms, signal ? AbortSignal.any([signal, this.controller.signal]) : this.controller.signal);
      },
      hold: (work) => clock.hold(work),
    };
  }
}

/** Has allowed all that ABLESTACK's documentation shows. */
const itsAdministrator = { kubernetesExperimentalFeatures: true, kubernetesMaxSize: 100 } as const;

export class Cloud {
  readonly clock: VirtualClock;
  readonly emulator: Emulator;
  /** Names of runs that others know to have ended, as of those on their own host. */
  readonly ended = new Set<string>();
  /** What is configured now, where a test has another than the default. */
  readonly connections = new Map<string, CloudCredentials>();
  private runs = 0;

  constructor(options: EmulatorOptions = {}, start?: number) {
    this.clock = new VirtualClock(start);
    this.emulator = createEmulator({ clock: this.clock, users, seed: "world", publicRange: "127.90.0.0/24", ...itsAdministrator, ...options });
  }

  newRun(options: { user?: UserName; killAt?: KillAt; atCall?: AtCall } = {}): Run {
    this.runs += 1;
    return new Run(this, `host.${this.runs}.test`, options.user ?? "admin", options.killAt, options.atCall);
  }

  /** What there is, but for what {@link comparable} leaves out. */
  state(): string {
    return comparable(this.emulator.snapshot());
  }
}

/**
 * What two end states are not compared by, beside the ids, times, guest addresses and hosts that the emulator's snapshot leaves out
 * itself: the values that a create makes up (the life of the cluster, join tokens).
 */
export const leftOutOfComparison = ["value of ablestack-generation", "bootstrap token secrets in kube-system (they end by themselves)"];

function comparable(snapshot: string): string {
  const state = JSON.parse(snapshot) as Record<string, unknown>;
  const tags = state.tags as { key?: string; value?: string }[];
  for (const tag of tags) if (tag.key === "ablestack-generation") tag.value = "(made up)";
  return JSON.stringify(state, null, 1);
}
