#!/usr/bin/env node
/**
 * What Terraform starts. It says on standard output where it listens, serves until it is told to end, and finishes the step in hand
 * when it is: whatever is half done then is found and continued by the next apply.
 */
import { Interrupted } from "../../core/errors";
import { createSession } from "../../handlers/session";
import { providerAddresses } from "../../../schema/terraform-resources";
import { friendly, handshakeLine, reattachment, refusalOf, termsOf, type Terms } from "./handshake";
import { providerLog } from "./log";
import { TerraformProvider } from "./provider";
import { serve } from "./server";

/** How often it looks whether the Terraform that started it is still there. Milliseconds. */
const lookMs = 250;
/** How long the process outlives a Terraform that was killed, for the steps in hand to end and the lock to be given back. Milliseconds. */
const outliveMs = 30_000;

async function main(): Promise<void> {
  const isDebug = process.argv.includes("--debug");
  const terms = isDebug ? { ports: { from: 0, to: 0 } } : termsOf(process.env);
  if (!terms) {
    process.stderr.write(friendly);
    process.exitCode = 1;
    return;
  }
  const refusal = isDebug ? undefined : refusalOf(process.env);
  if (refusal !== undefined) {
    process.stderr.write(`${refusal}\n`);
    process.exitCode = 1;
    return;
  }
  await run(terms, isDebug);
}

async function run(terms: Terms, isDebug: boolean): Promise<void> {
  // Standard output is for the one line of the handshake: what a library says goes where the log goes.
  const say = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  // With Terraform gone nobody reads: each line would be an uncaught error.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

  const controller = new AbortController();
  const interrupt = (why: string): void => controller.abort(new Interrupted(why));
  const progress = process.env.ABLESTACK_PROGRESS;
  const log = providerLog({ write: (line) => void process.stderr.write(line), now: Date.now, ...(progress ? { progress } : {}) });
  const provider = new TerraformProvider(
    (config) => createSession({ config, env: process.env, log, signal: controller.signal }),
    process.env,
    () => interrupt("interrupted: nothing new was begun. Run `terraform apply` again to go on from here."),
  );

  const end = (): void => void serving.close().then(() => process.exit(0));
  const endWhenIdle = (): void => void serving.idle().then(end);
  const { clientCertificate } = terms;
  // Loaded where it is needed: a debugger comes in the clear.
  const server = clientCertificate === undefined ? undefined : await (await import("./certificate.js")).ephemeralCertificate(Date.now());
  const serving = await serve({ provider, ports: terms.ports, onShutdown: end, ...(server && clientCertificate !== undefined ? { tls: { server, clientCertificate } } : {}) });

  // Ctrl-C reaches the whole group; Terraform asks to stop by a call as well, waits, and ends this process itself.
  process.on("SIGINT", () => provider.StopProvider());
  process.on("SIGTERM", () => {
    provider.StopProvider();
    endWhenIdle();
  });
  if (isDebug) {
    say(`TF_REATTACH_PROVIDERS='${reattachment(providerAddresses, serving.address, process.pid)}'\n`);
    return;
  }
  watchParent(() => {
    interrupt("terraform is gone: nothing new was begun.");
    setTimeout(end, outliveMs).unref();
    endWhenIdle();
  });
  say(`${handshakeLine(serving.address, server?.der)}\n`);
}

/** A process whose parent has ended gets another one. */
function watchParent(onGone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, lookMs);
}

void main();
