/** A cluster on the embedded Mold over HTTP, its API over HTTPS, and the command as a process of its own that is told of it by its environment. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmulator, type Emulator } from "../../../provider/emulator";
import type { ClusterAccess, MoldPort } from "../../../provider/core/ports";
import { createSession } from "../../../provider/handlers/session";
import { createClusterCertificates } from "../../../provider/kubernetes/certificates";
import { kubeconfig } from "../../../provider/kubernetes/kubeconfig";
import type { Run } from "../../core/world/cloud";
import { declaration, owner } from "../../core/world/cluster";
import { Engine } from "../../core/world/engine";

const bin = join(__dirname, "../../../provider/cli/bin.ts");
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };

export const uid = "c1i9abcdef01";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Served {
  readonly emulator: Emulator;
  readonly env: Readonly<Record<string, string>>;
  readonly mold: MoldPort;
  readonly engine: Engine;
  /** For another engine on the same Mold. */
  readonly asRun: Run;
  readonly access: ClusterAccess;
  /** Path of its kubeconfig. */
  readonly config: string;
  readonly folder: string;
  written(name: string, text: string): string;
  /** With nothing in its environment but what is given. */
  run(words: string, more?: Readonly<Record<string, string>>): Promise<Ran>;
  close(): Promise<void>;
}

/** @param publicRange of loopback: another one for each test file, since they run side by side */
export async function served(publicRange: string): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "cli-"));
  const written = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const emulator = createEmulator({ speed: 40, publicRange });
  const { apiKey, secretKey } = emulator.users[0]!;
  const env = { ABLESTACK_API_URL: await emulator.listen(), ABLESTACK_API_KEY: apiKey, ABLESTACK_SECRET_KEY: secretKey };
  const session = createSession({ config: () => undefined, env, log: quiet, signal: new AbortController().signal });
  // Of today: TLS goes by the machine's own clock.
  const identity = { uid, ...(await createClusterCertificates({ uid, now: Date.now() })) };
  const engine = new Engine(declaration({ controlPlanes: 1, workers: 1 }), owner, identity);
  const asRun = { session, throwIfKilled: () => undefined } as unknown as Run;
  await engine.up(asRun);
  const { endpoint } = engine.endpoint;
  return {
    emulator,
    env,
    mold: session.world(undefined, { owner, resource: "prod" }).mold,
    engine,
    asRun,
    access: { endpoint, caCertificate: identity.caCertificate, clientCertificate: identity.adminCertificate, clientKey: identity.adminKey },
    config: written("config", kubeconfig({ ...identity, name: "prod", endpoint })),
    folder,
    written,
    run: (words, more = {}) =>
      new Promise((resolve) => {
        const options = { env: { PATH: process.env.PATH, ...env, ...more } };
        execFile(process.execPath, ["--import", "tsx", bin, ...words.split(" ")], options, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }));
      }),
    async close() {
      await emulator.close();
      rmSync(folder, { recursive: true });
    },
  };
}
