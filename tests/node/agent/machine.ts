/** A machine in a folder: the files that cloud-init wrote, the real agent, and commands that are played (fake.sh). */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { NodeBootstrap } from "../../../provider/node/spec";
import { machineFiles, machineUserData } from "../../../provider/node/user-data";

const played = ["blkid", "mount", "umount", "mountpoint", "stat", "curl", "sleep", "ctr", "sync", "systemctl", "journalctl", "sysctl", "swapoff", "modprobe", "df", "openssl", "date", "cloud-init", "restorecon"];

export interface Run {
  readonly code: number | null;
  readonly signal: string | null;
  /** What goes to the journal. */
  readonly journal: string;
}

export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "machine-"));
  readonly root = join(this.folder, "root");
  private readonly fake = join(this.folder, "fake");
  private readonly commands = join(this.folder, "commands");

  constructor(
    private readonly spec: NodeBootstrap,
    private readonly version = "1.35.4",
  ) {
    const fake = readFileSync(join(__dirname, "fake.sh"), "utf8");
    for (const { path, permissions, content } of machineFiles(spec)) this.write(path, content, parseInt(permissions, 8));
    // What cloud-init and the platform leave behind.
    for (const copy of ["instances/i-1/user-data.txt", "instances/i-1/user-data.txt.i", "instances/i-1/cloud-config.txt", "instances/i-1/obj.pkl", "seed/nocloud/user-data"]) this.write(`/var/lib/cloud/${copy}`, machineUserData(spec));
    this.write("/var/lib/cloud/seed/nocloud/meta-data", "instance-id: i-1\n");
    this.write("/run/cloud-init/combined-cloud-config.json", machineUserData(spec));
    this.write("/dev/console", "");
    for (const folder of ["sys/fs/cgroup", "var/lib"]) mkdirSync(join(this.root, folder), { recursive: true });
    for (const name of played) this.put(join(this.commands, name), fake, 0o755);
    this.set("device-after", "0");
    this.set("endpoint", spec.action === "init" ? "nobody" : "ours");
    this.set("cgroup", "cgroup2fs");
    this.set("calls", "");
    this.iso("right", version);
    this.attach("right");
  }

  /** A disc with Kubernetes of that version. */
  iso(name: string, version: string, image = "image"): void {
    const files = join(this.fake, "isos", name);
    const fake = readFileSync(join(__dirname, "fake.sh"), "utf8").replaceAll("@VERSION@", version);
    for (const binary of ["kubeadm", "kubelet", "kubectl"]) this.put(join(files, "k8s", binary), fake, 0o755);
    for (const [archive, program] of [
      ["cni/cni-plugins.tgz", "loopback"],
      ["cri-tools/crictl.tar.gz", "crictl"],
    ] as const) {
      this.put(join(files, archive), "");
      this.put(join(this.folder, program), program, 0o755);
      execFileSync("tar", ["-czf", join(files, archive), "-C", this.folder, program]);
    }
    this.put(join(files, "docker/pause.tar"), `${image}\n`);
    this.put(join(files, "docker/etcd.tar"), `${image}\n`);
    this.put(join(files, "docker/kube-proxy.tar"), `${image}\n`);
    this.put(join(files, "network.yaml"), "kind: List\n");
  }

  onDisc(name: string, path: string, content: string): void {
    this.put(join(this.fake, "isos", name, path), content, 0o755);
  }
  attach(name: string): void {
    this.write("/dev/sr0", name);
  }
  detach(): void {
    rmSync(join(this.root, "dev/sr0"), { force: true });
  }
  set(fact: string, value: string, mode = 0o644): void {
    this.put(join(this.fake, fact), value, mode);
  }
  fact(name: string): string {
    const path = join(this.fake, name);
    return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  }
  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }
  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }
  unset(...facts: string[]): void {
    for (const fact of facts) rmSync(join(this.fake, fact), { force: true });
  }
  /** The order on its Node. */
  order(wanted: string, leads = ""): void {
    this.set("wanted", wanted);
    this.set("leads", leads);
  }
  /** What it is to load before that. */
  prepare(version: string): void {
    this.set("next", version);
  }
  /** A machine that is in every respect where this one is. */
  copy(): Machine {
    const twin = new Machine(this.spec, this.version);
    cpSync(this.folder, twin.folder, { recursive: true, force: true });
    return twin;
  }
  /** The calls of one played command. */
  calls(name: string): string[] {
    return this.fact("calls").split("\n").filter((line) => line.startsWith(`${name} `));
  }

  /** The files that the agent writes and that the machine hangs on, by what the disk has of them: a rename does not bring a file's content there. */
  private written(): { readonly path: string; readonly onDisk: string }[] {
    return Object.keys(this.tree())
      .filter((path) => /^(etc\/(systemd|containerd)|usr\/local\/bin|var\/lib\/(ablestack-kubernetes|kubelet))\/|^etc\/kubernetes\/(kubelet\.conf$|pki\/)/.test(path))
      .map((path) => ({ path, stat: statSync(join(this.root, path), { bigint: true }) }))
      .map(({ path, stat: { ino, mtimeNs } }) => ({ path, onDisk: join(this.fake, `on-disk/${ino}-${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, "0")}`) }));
  }
  /** Of what was written since its last sync a power cut leaves the name alone, at worst. */
  private lose(): void {
    for (const { path, onDisk } of this.written()) if (!existsSync(onDisk)) writeFileSync(join(this.root, path), "");
  }

  /**
   * One run of the agent, as systemd makes it, until systemd stops it (the fact `polls`); `cut` ends it like a power cut, which `loses` what was not synced.
   * What is mounted does not outlive the machine.
   */
  async boot(cut: { beforeStage?: number; beforeCommand?: number; loses?: boolean } = {}): Promise<Run> {
    rmSync(join(this.root, "run/ablestack-kubernetes"), { recursive: true, force: true });
    rmSync(join(this.fake, "on-disk"), { recursive: true, force: true });
    mkdirSync(join(this.fake, "on-disk"));
    for (const { onDisk } of this.written()) this.put(onDisk, "");
    const child = spawn("/bin/bash", [join(this.root, "usr/local/lib/ablestack-kubernetes/agent.sh")], {
      detached: true, // A process group of its own: the power cut takes all of it, and nothing else.
      env: {
        PATH: `${this.commands}:/usr/sbin:/usr/bin:/sbin:/bin`,
        ABLESTACK_ROOT: this.root,
        FAKE: this.fake,
        ROLE: this.spec.role,
        ENDPOINT: this.spec.endpoint,
        ...(cut.beforeStage !== undefined && { CUT_AT_STAGE: String(cut.beforeStage) }),
        ...(cut.beforeCommand !== undefined && { CUT_AT_COMMAND: String(cut.beforeCommand), BASH_ENV: join(__dirname, "power.sh") }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let journal = "";
    child.stdout.on("data", (text: Buffer) => (journal += text.toString()));
    child.stderr.on("data", (text: Buffer) => (journal += text.toString()));
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        if (cut.loses === true) this.lose();
        resolve({ code, signal, journal });
      });
    });
  }

  /** Every file with its content, the agent's logs aside: what two machines are compared by. */
  tree(): Record<string, string> {
    const found: Record<string, string> = {};
    const walk = (folder: string): void => {
      for (const entry of readdirSync(join(this.root, folder), { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) walk(path);
        else if (!/\.log$|^dev\//.test(path)) found[path] = `${(statSync(join(this.root, path)).mode & 0o777).toString(8)} ${readFileSync(join(this.root, path), "utf8")}`;
      }
    };
    walk("");
    return found;
  }

  /** Paths of all files that hold the text. */
  holding(text: string): string[] {
    return Object.entries(this.tree())
      .filter(([, content]) => content.includes(text))
      .map(([path]) => path);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  write(path: string, content: string, mode = 0o644): void {
    this.put(join(this.root, path), content, mode);
  }
  private put(path: string, content: string, mode = 0o644): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
  }
}
