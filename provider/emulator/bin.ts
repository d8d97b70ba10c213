#!/usr/bin/env node
/** `ablestack-mold-emulator start|stop|status|reset|logs|env`: the embedded Mold as a process of its own. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, watchFile } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createEmulator, type EmulatorOptions } from "./emulator";
import { defaultNspawnRange, isoFolders, missing, nspawnHypervisor, sweepAll, takenRange, thisHost } from "./nspawn";
import { rowsOnly } from "./rows";
import { serve } from "./serve";
import { ask, StateDir, type ServerNote } from "./state-dir";

/** Of its own, so that what was configured with it works again after the next start. */
const DEFAULT_PORT = 18_080;
const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 10_000;

const help = `Usage: ablestack-mold-emulator <command> [options]

  start    start the embedded Mold in the background (nothing happens when it runs already)
  stop     end it; what exists in it stays
  status   say whether it runs, and where
  reset    empty it: no machines, no networks; the keys stay
  logs     print its log (--calls: the API calls; --follow: go on)
  env      print its URL and keys as shell exports

  --state DIR            where it keeps its things (default \${XDG_STATE_HOME:-~/.local/state}/ablestack-kubernetes/emulator)
  --port N               port of the API on 127.0.0.1 (default ${DEFAULT_PORT}; 0: any free one)
  --public-range CIDR    public addresses, real ones on loopback (default 127.80.0.0/24; of real machines 198.18.0.0/24)
  --hypervisor KIND      simulated (default): machines are played; nspawn: they are systemd-nspawn containers (Linux, root)
  --rootfs DIR           nspawn: the root file system that machines share (default $ABLESTACK_MACHINES_ROOTFS)
  --isos DIR             nspawn: a folder with the content of each Kubernetes ISO in a folder named by its version, or a path
                         with {version} in it (default $ABLESTACK_MACHINES_ISOS)
  --speed X              jobs and boots X times as fast (default 1)
  --latency MS           what each call takes (default 0)
  --expunge-delay S      seconds until a destroyed machine is expunged (default 60; a real server waits a day)
  --digest sha256|sha1   what signatures are made with (default sha256, as Mold; CloudStack: sha1)
  --lenient              ignore unknown parameters, as a real server does
  --allow-user-expunge   plain users may expunge (allow.user.expunge.recover.vm)
  --user NAME            env: whose keys (default admin)
  --json                 status: as JSON
  --lines N              logs: how many lines from the end (default 50)
`;

const options = {
  state: { type: "string" },
  port: { type: "string" },
  "public-range": { type: "string" },
  hypervisor: { type: "string" },
  rootfs: { type: "string" },
  isos: { type: "string" },
  speed: { type: "string" },
  latency: { type: "string" },
  "expunge-delay": { type: "string" },
  digest: { type: "string" },
  lenient: { type: "boolean" },
  "allow-user-expunge": { type: "boolean" },
  user: { type: "string" },
  json: { type: "boolean" },
  calls: { type: "boolean" },
  follow: { type: "boolean" },
  lines: { type: "string" },
  help: { type: "boolean" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>["values"];

/** A mistake of whoever typed it: told without a stack. */
class Usage extends Error {}

function number(values: Values, name: "port" | "speed" | "latency" | "expunge-delay" | "lines", otherwise: number, least: number): number {
  const text = values[name];
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isFinite(value) || value < least) throw new Usage(`--${name}: a number of at least ${least} is needed, found "${text ?? ""}"`);
  return value;
}

/** What runs the machines. */
function hypervisorOptions(values: Values, dir: StateDir): Pick<EmulatorOptions, "hypervisor" | "publicRange" | "offersKubernetes"> {
  const { hypervisor = "simulated", "public-range": publicRange } = values;
  if (hypervisor === "simulated") return publicRange === undefined ? {} : { publicRange };
  if (hypervisor !== "nspawn") throw new Usage(`--hypervisor: simulated or nspawn, found "${hypervisor}"`);
  const rootfs = values.rootfs ?? process.env.ABLESTACK_MACHINES_ROOTFS;
  const lacking = missing(thisHost, rootfs);
  if (lacking.length > 0) throw new Usage(lacking.join("\n"));
  const isos = values.isos ?? process.env.ABLESTACK_MACHINES_ISOS;
  const isoFolder = isoFolders(isos);
  return {
    // What has no ISO can't be had.
    ...(isos === undefined ? {} : { offersKubernetes: (version: string) => isoFolder(version) !== undefined }), publicRange: publicRange ?? defaultNspawnRange,
    hypervisor: nspawnHypervisor({ dir: dir.machines, rootfs, isoFolder }),
  };
}

function emulatorOptions(values: Values, dir: StateDir): EmulatorOptions {
  const { digest } = values;
  if (digest !== undefined && digest !== "sha256" && digest !== "sha1") throw new Usage(`--digest: sha256 or sha1, found "${digest}"`);
  return {
    speed: number(values, "speed", 1, 0.001),
    latency: number(values, "latency", 0, 0),
    expungeDelay: number(values, "expunge-delay", 60, 0) * 1000,
    strict: values.lenient !== true,
    allowUserExpungeRecoverVm: values["allow-user-expunge"] === true,
    ...(digest === undefined ? {} : { digest }),
    ...hypervisorOptions(values, dir),
  };
}

function describe(dir: StateDir, note: ServerNote): void {
  console.log(`embedded Mold    ${note.url}   (pid ${note.pid})`);
  console.log(`API keys         ${dir.keys}   (users admin and user)`);
  console.log(`state and logs   ${dir.path}`);
  console.log("To use it: eval \"$(ablestack-mold-emulator env)\", or pulumi config set ablestack:apiUrl, apiKey, and --secret secretKey");
}

async function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

async function start(dir: StateDir, values: Values): Promise<void> {
  const { publicRange } = emulatorOptions(values, dir);
  const port = number(values, "port", DEFAULT_PORT, 0);
  const before = await dir.running();
  if (before !== undefined) {
    console.log("already running");
    describe(dir, before.note);
    return;
  }
  if (port !== 0 && !(await portIsFree(port))) throw new Usage(`--port: something else listens on 127.0.0.1:${port}; choose another, or 0 for any`);
  const taken = values.hypervisor === "nspawn" && publicRange !== undefined ? await takenRange(dir.machines, publicRange) : undefined;
  if (taken !== undefined) throw new Usage(taken);
  dir.make();
  const log = openSync(dir.log, "a", 0o600);
  const arguments_ = process.argv.slice(2).filter((argument) => argument !== "start");
  const child = spawn(process.execPath, [...process.execArgv, __filename, "serve", ...arguments_, "--state", dir.path], { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  let ended: string | undefined;
  child.on("exit", (code, signal) => (ended = `it ended with ${code ?? signal ?? "nothing"}`)).on("error", (error) => (ended = error.message));
  for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline && ended === undefined; await wait(50)) {
    const now = await dir.running();
    if (now === undefined || now.note.pid !== child.pid) continue;
    child.unref();
    describe(dir, now.note);
    return;
  }
  throw new Usage(`the emulator did not come up: ${ended ?? `no answer within ${START_TIMEOUT / 1000} s`}. Its last words:\n${tail(dir.log, 10)}`);
}

async function stop(dir: StateDir): Promise<void> {
  const running = await dir.running();
  if (running === undefined) {
    dir.withdraw();
    console.log("not running");
    return;
  }
  await ask(running.note, "POST", "stop");
  for (const deadline = Date.now() + STOP_TIMEOUT; lives(running.note.pid); await wait(50)) {
    if (Date.now() < deadline) continue;
    // It has answered with our token a moment ago, so this pid is its own.
    process.kill(running.note.pid, "SIGKILL");
    dir.withdraw();
    break;
  }
  console.log("stopped");
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function status(dir: StateDir, values: Values): Promise<void> {
  const running = await dir.running();
  if (running === undefined) process.exitCode = 3;
  if (values.json === true) {
    const shown = running === undefined ? { running: false } : { running: true, url: running.note.url, pid: running.note.pid, started: running.note.started, ...running.status };
    console.log(JSON.stringify({ ...shown, state: dir.path, keys: dir.keys }));
  } else if (running === undefined) console.log(`not running (state ${dir.path})`);
  else describe(dir, running.note);
}

async function reset(dir: StateDir): Promise<void> {
  const running = await dir.running();
  if (running !== undefined) await ask(running.note, "POST", "reset");
  else if (existsSync(dir.journal)) {
    const emulator = createEmulator({ state: dir.journal, hypervisor: rowsOnly });
    await emulator.reset();
    await emulator.close();
    if (existsSync(dir.machines)) await sweepAll(dir.machines);
  }
  console.log("empty");
}

function tail(path: string, lines: number): string {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(-lines - 1).join("\n") : "";
}

function logs(dir: StateDir, values: Values): void {
  const path = values.calls === true ? dir.callLog : dir.log;
  process.stdout.write(tail(path, number(values, "lines", 50, 0)));
  if (values.follow !== true) return;
  let shown = existsSync(path) ? readFileSync(path).length : 0;
  watchFile(path, { interval: 200 }, () => {
    const content = readFileSync(path);
    process.stdout.write(content.subarray(Math.min(shown, content.length)));
    shown = content.length;
  });
}

async function env(dir: StateDir, values: Values): Promise<void> {
  const running = await dir.running();
  if (running === undefined) throw new Usage("the emulator does not run; start it first");
  const keys = JSON.parse(readFileSync(dir.keys, "utf8")) as Record<string, { apiKey: string; secretKey: string } | undefined>;
  const user = keys[values.user ?? "admin"];
  if (user === undefined) throw new Usage(`--user: there is no ${values.user ?? ""}; there are ${Object.keys(keys).join(", ")}`);
  console.log(`export ABLESTACK_API_URL='${running.note.url}'\nexport ABLESTACK_API_KEY='${user.apiKey}'\nexport ABLESTACK_SECRET_KEY='${user.secretKey}'`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command, ...more] = positionals;
  if (values.help === true || command === undefined) {
    console.log(help);
    return;
  }
  if (more.length > 0) throw new Usage(`one command at a time, found ${positionals.join(" ")}`);
  const dir = new StateDir(values.state);
  switch (command) {
    case "start":
      return start(dir, values);
    case "serve":
      return serve(dir, number(values, "port", DEFAULT_PORT, 0), emulatorOptions(values, dir));
    case "stop":
      return stop(dir);
    case "status":
      return status(dir, values);
    case "reset":
      return reset(dir);
    case "logs":
      return logs(dir, values);
    case "env":
      return env(dir, values);
    default:
      throw new Usage(`there is no command ${command}; try --help`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error && (error instanceof Usage || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true) ? error.message : error);
  process.exitCode = 1;
});
