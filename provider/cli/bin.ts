#!/usr/bin/env node
/** `ablestack-kubernetes plan --delete CLUSTER`: what a destroy would do, without Pulumi: its preview of a destroy runs nothing of ours. */
import { ClusterError, messageOf } from "../core/errors";
import { isKubernetesFailure, isMoldFailure, type Log } from "../core/ports";
import { ConnectionError } from "../mold/connection";
import { help, readCommandLine, Usage } from "./command-line";
import { planDelete } from "./plan-delete";
import { words } from "./words";

const exit = { nothingBlocks: 0, blocked: 1, notFoundOut: 2 } as const;

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: (message) => console.error(`warning: ${message}`) };

async function main(): Promise<number> {
  const asked = readCommandLine(process.argv.slice(2));
  if (asked === "help") {
    console.log(help);
    return exit.nothingBlocks;
  }
  const rehearsed = await planDelete(asked, process.env, log);
  console.log(asked.json ? JSON.stringify(rehearsed, null, 2) : words(rehearsed));
  return rehearsed.blocks.length === 0 ? exit.nothingBlocks : exit.blocked;
}

/** Errors that say all there is to say. Any other is a mistake of ours, and its stack tells where. */
const isWorded = (error: unknown): boolean =>
  error instanceof Usage || error instanceof ConnectionError || error instanceof ClusterError || isMoldFailure(error) || isKubernetesFailure(error);

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(isWorded(error) ? `ablestack-kubernetes: ${messageOf(error)}` : error);
    if (error instanceof ConnectionError) console.error("This command reads the environment alone.");
    process.exitCode = exit.notFoundOut;
  },
);
