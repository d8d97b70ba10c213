/** The real kubectl against a listener of the simulated hypervisor. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterCertificates } from "../../../provider/kubernetes/certificates";

export const hasKubectl = spawnSync("kubectl", ["version", "--client"], { stdio: "ignore" }).status === 0;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export class Kubectl {
  private readonly home = mkdtempSync(join(tmpdir(), "simulated-kubectl-"));

  constructor(endpoint: string, certificates: ClusterCertificates) {
    const data = (text: string): string => Buffer.from(text).toString("base64");
    const config = {
      apiVersion: "v1", kind: "Config", "current-context": "test",
      clusters: [{ name: "test", cluster: { server: `https://${endpoint}`, "certificate-authority-data": data(certificates.caCertificate) } }],
      users: [{ name: "test", user: { "client-certificate-data": data(certificates.adminCertificate), "client-key-data": data(certificates.adminKey) } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    };
    writeFileSync(join(this.home, "config"), JSON.stringify(config));
  }

  run(...args: string[]): Promise<Ran> {
    return this.feed("", ...args);
  }

  feed(input: string, ...args: string[]): Promise<Ran> {
    return new Promise((resolve) => {
      const child = execFile("kubectl", args, { env: { PATH: process.env.PATH, HOME: this.home, KUBECONFIG: join(this.home, "config") }, maxBuffer: 16 << 20, timeout: 60_000 }, (error, out, err) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
      );
      child.stdin?.end(input);
    });
  }

  /** Its output; throws what it said when it failed. */
  async ok(...args: string[]): Promise<string> {
    const { code, out, err } = await this.run(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${code}: ${err}${out}`);
    return out;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
