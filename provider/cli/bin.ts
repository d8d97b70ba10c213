#!/usr/bin/env node
/** `ablestack-kubernetes`: clusters on Mold as a person or a pipeline looks at them, without Pulumi. Changes nothing. */
import { ClusterError, messageOf } from "../core/errors";
import { isKubernetesFailure, isMoldFailure, type Log } from "../core/ports";
import type { Session } from "../handlers/handler";
import { createSession } from "../handlers/session";
import { ConnectionError } from "../mold/connection";
import type { Answer } from "./answer";
import { help, readCommandLine, Usage, type Asked } from "./command-line";
import { events, list, nodes, path, show } from "./look";
import { planDelete } from "./plan-delete";
import { planFile } from "./plan-file";

const exit = { found: 0, blocked: 1, notFoundOut: 2 } as const;

const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: (message) => console.error(`warning: ${message}`) };

function answer(session: Session, asked: Asked): Promise<Answer> {
  switch (asked.command) {
    case "list":
      return list(session, asked);
    case "show":
      return show(session, asked);
    case "nodes":
      return nodes(session, asked);
    case "events":
      return events(session, asked);
    case "path":
      return path(session, asked);
    case "plan":
      return planFile(session, asked);
    case "plan --delete":
      return planDelete(session, asked);
  }
}

async function main(): Promise<number> {
  const line = readCommandLine(process.argv.slice(2));
  if (line === "help") {
    console.log(help);
    return exit.found;
  }
  const session = createSession({ config: () => undefined, env: process.env, log, signal: new AbortController().signal });
  const { data, text, blocked = false } = await answer(session, line.asked);
  console.log(line.json ? JSON.stringify(data, null, 2) : text);
  return blocked ? exit.blocked : exit.found;
}

/** Errors that say all there is to say. Any other is a mistake of ours, and its stack tells where. */
const isWorded = (error: unknown): boolean =>
  error instanceof Usage || error instanceof ConnectionError || error instanceof ClusterError || isMoldFailure(error) || isKubernetesFailure(error);

// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? exit.found : exit.notFoundOut));

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(isWorded(error) ? `ablestack-kubernetes: ${messageOf(error)}` : error);
    if (error instanceof ConnectionError) console.error("This command reads the environment alone.");
    process.exitCode = exit.notFoundOut;
  },
);
