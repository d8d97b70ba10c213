/** What was asked for on the command line. */
import { parseArgs } from "node:util";
import { connection } from "../../schema/connection";

const [url, key, secret] = ["apiUrl", "apiKey", "secretKey"].map((name) => connection.inputs[name]!.environment![0]!);

export const help = `Usage: ablestack-kubernetes plan --delete CLUSTER [options]

  Says what deleting a cluster would do, what would block it, and what would be lost with it. Changes nothing.
  CLUSTER is the name or the uid of a cluster that this library made; Mold alone is asked, no program or state is needed.

  --delete            plan a delete (the plan of anything else: pulumi preview)
  --kubeconfig FILE   ask the cluster itself too: its services of type LoadBalancer and its volumes
  --owner OWNER       whose, where several have a cluster of that name (pulumi:ORGANIZATION/PROJECT/STACK)
  --json              as JSON: {cluster, plan, blocks, losses, declared, unseen}
  --help              this text

  Where Mold is, and as whom, comes from the environment, as for the provider: ${url}, ${key},
  ${secret} and the other ABLESTACK_… variables, or else CLOUDSTACK_… ones.

Exit code: 0 nothing blocks it; 1 something does; 2 it could not be found out: wrong usage, no connection, no such cluster.
`;

/** A mistake of whoever typed it. */
export class Usage extends Error {
  override readonly name = "Usage";
  constructor(message: string) {
    super(`${message}; see ablestack-kubernetes --help`);
  }
}

export interface PlanDelete {
  readonly cluster: string;
  readonly owner?: string;
  readonly kubeconfig?: string;
  readonly json: boolean;
}

const options = {
  delete: { type: "boolean" },
  kubeconfig: { type: "string" },
  owner: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** @throws Usage */
export function readCommandLine(words: readonly string[]): PlanDelete | "help" {
  const { values, positionals } = parsed(words);
  if (values.help === true) return "help";
  const [command, cluster, ...more] = positionals;
  if (command === undefined) throw new Usage("a command is missing: there is plan");
  if (command !== "plan") throw new Usage(`there is no command ${command}: there is plan`);
  if (values.delete !== true) throw new Usage("plan needs --delete; what an up would do is shown by pulumi preview");
  if (cluster === undefined) throw new Usage("plan --delete needs the name or the uid of a cluster");
  if (more.length > 0) throw new Usage(`one cluster at a time, found ${[cluster, ...more].join(", ")}`);
  for (const name of ["kubeconfig", "owner"] as const) if (values[name] === "") throw new Usage(`--${name} is empty`);
  return {
    cluster,
    json: values.json === true,
    ...(values.owner === undefined ? {} : { owner: values.owner }),
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
  };
}

function parsed(words: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
    throw new Usage(message.split(". ")[0]!);
  }
}
