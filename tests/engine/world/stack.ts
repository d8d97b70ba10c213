/** One stack of the real Pulumi with a Mold of its own: home, state, addresses and port are the test's alone. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmulatorOptions } from "../../../provider/emulator";
import { EngineUnderTest, moldFor } from "./engine-under-test";
import { built, example, pulumiFolders, root } from "./paths";
import { commandOf, killAll } from "./processes";
import { startProcess, type Ended, type Running } from "./running";

export interface StackOptions {
  /** Each test file has public addresses of its own: 127.90.<range>.0/24. */
  readonly range: number;
  readonly emulator?: EmulatorOptions;
  /** Whose program it runs. Default: examples/ha-cluster. */
  readonly example?: string;
  /** Puts the program's packages in place. Default: a link to a copy of this checkout's. */
  readonly install?: (folder: string) => void;
}

const upCommand = ["up", "--yes", "--skip-preview"] as const;

export class TestStack extends EngineUnderTest {
  protected readonly command = "pulumi";
  private readonly orphans: number[] = [];

  static async create({ range, emulator, example: from = example, install = link }: StackOptions): Promise<TestStack> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "ablestack-engine-")));
    const program = join(folder, "program");
    for (const name of ["home", "state", "program"]) mkdirSync(join(folder, name));
    for (const file of ["index.ts", "Pulumi.yaml", "package.json", "tsconfig.json"]) cpSync(join(from, file), join(program, file));
    install(program);
    const mold = moldFor(range, emulator);
    const stack = new TestStack(folder, program, mold, await mold.listen());
    await stack.succeed(["stack", "init", "test"]);
    await stack.configure();
    return stack;
  }

  /** Leads the stack to its Mold. */
  async configure(): Promise<void> {
    const { apiKey, secretKey } = this.admin;
    await this.succeed(["config", "set-all", "--plaintext", `ablestack:apiUrl=${this.apiUrl}`, "--plaintext", `ablestack:apiKey=${apiKey}`, "--secret", `ablestack:secretKey=${secretKey}`]);
  }

  /** Starts pulumi and goes on. */
  start(args: readonly string[]): Running {
    return this.spawn("pulumi", [...args, "--non-interactive"]);
  }

  /** Runs a script of the example's, in its folder. */
  script(file: string, args: readonly string[]): Promise<Ended> {
    return this.spawn(join(this.program, file), args).ended;
  }

  private spawn(command: string, args: readonly string[]): Running {
    const running = startProcess(command, args, {
      cwd: this.program,
      env: {
        PATH: `${pulumiFolders()}:${process.env.PATH ?? ""}`,
        HOME: this.folder,
        TMPDIR: this.folder,
        PULUMI_HOME: join(this.folder, "home"),
        PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "a-passphrase",
        PULUMI_SKIP_UPDATE_CHECK: "true",
      },
    });
    this.started.push(running);
    return running;
  }

  up(...more: readonly string[]): Promise<string> {
    return this.succeed([...upCommand, ...more]);
  }

  startUp(): Running {
    return this.start(upCommand);
  }

  async output<T = string>(name: string): Promise<T> {
    return JSON.parse(await this.succeed(["stack", "output", name, "--json", "--show-secrets"])) as T;
  }

  /** As it lies there: secrets encrypted. */
  async exported(): Promise<string> {
    return this.succeed(["stack", "export"]);
  }

  async resources(): Promise<StateResource[]> {
    return (JSON.parse(await this.exported()) as { deployment: { resources?: StateResource[] } }).deployment.resources ?? [];
  }

  /** What is there, in a form in which two stacks can be compared: the cluster's uid, its generation and its machines' guest addresses differ. */
  async comparable(): Promise<string> {
    const uid = (await this.resources()).find(({ type }) => type.endsWith(":ClusterIdentity"))!.id!;
    return this.mold.snapshot().replaceAll(uid, "<uid>").replaceAll(/("key": "ablestack-generation",\s*(?:"[^"]*": "[^"]*",\s*)*?"value": )"[^"]*"/g, '$1"<generation>"');
  }

  /** Values of a tag, of whatever carries it. */
  tags(key: string): string[] {
    return ((this.inMold.tags ?? []) as { key?: string; value?: string }[]).flatMap((tag) => (tag.key === key ? [tag.value ?? ""] : []));
  }

  /** Mold's word for each machine that isn't destroyed. */
  get states(): string[] {
    return (this.inMold.machines ?? []).map(({ state }) => state ?? "").filter((state) => state !== "Destroyed" && state !== "Expunging");
  }

  /** `kill -9` of pulumi alone. Answers with the process id of the provider, which lives on. */
  async killAlone(running: Running): Promise<number> {
    const provider = providerOf(running);
    this.orphans.push(...running.descendants());
    killAll([running.pid]);
    await running.ended;
    return provider;
  }

  override async close(): Promise<void> {
    // Of a pulumi that was killed alone, the language host stays for ever.
    killAll(this.orphans.filter((pid) => /pulumi/.test(commandOf(pid))));
    await super.close();
  }
}

export interface StateResource {
  readonly urn: string;
  readonly id?: string;
  readonly type: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
}

/** The process that serves our resources. */
export const providerOf = (running: Running): number => {
  const found = running.descendants().find((pid) => /^\S*node\S* .*dynamic-provider/.test(commandOf(pid)));
  if (found === undefined) throw new Error("no provider process runs");
  return found;
};

/**
 * Links to a copy of what is built, which stays as it is whatever is built meanwhile, and to this checkout's @pulumi/pulumi: the program
 * and the library share one.
 */
function link(program: string): void {
  mkdirSync(join(program, "node_modules/@pulumi"), { recursive: true });
  symlinkSync(packageIn(join(program, "..", "package")), join(program, "node_modules/ablestack-kubernetes"));
  symlinkSync(join(root, "node_modules/@pulumi/pulumi"), join(program, "node_modules/@pulumi/pulumi"));
}

/** The package as it would be published, with this checkout's dependencies. */
export function packageIn(folder: string): string {
  cpSync(built(), join(folder, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}
