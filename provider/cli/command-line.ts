/** What was asked for on the command line. */
import { parseArgs } from "node:util";
import { connection } from "../../schema/connection";

const [url, key, secret] = ["apiUrl", "apiKey", "secretKey"].map((name) => connection.inputs[name]!.environment![0]!);

export const help = `Usage: ablestack-kubernetes COMMAND [options]

Looks at Kubernetes clusters on Mold without a program or a stack. Changes nothing.

  list                      the clusters that these keys show
  show CLUSTER              one of them, with its comments
  nodes CLUSTER             its nodes, and how much of them is used
  events CLUSTER            what happened to it
  path FROM TO              the hops from one Kubernetes version to another (1.34 1.36), with the registered versions and ISOs
  plan FILE                 what an up of a declaration would do: the arguments of a KubernetesCluster with its name, as YAML or JSON
                            (- is standard input). What only a stack's state knows (which tags were taken out of it) is not seen
  plan --delete CLUSTER     what deleting it would do, what would block it, and what would be lost with it

  CLUSTER is a name, a uid, or the id of a record among Mold's clusters; for plan --delete the name or uid of one that this library made.

Options:
  --output table|json, -o   how it is told (default: table)
  --json                    the same as --output json
  --owner OWNER             whose, where several have a cluster of that name (pulumi:ORGANIZATION/PROJECT/STACK)
  --kubeconfig FILE         show, nodes, plan: ask the cluster itself too, for what it alone knows: versions and readiness of nodes, when
                            certificates end; services of type LoadBalancer and volumes
  --state STATE             list: those in this state alone (Running, Stopped, Alert)
  --since TIME              events: not before this, a time or how long ago (90m, 24h, 7d; default: 24h)
  --level LEVEL             events: INFO, WARN or ERROR alone
  --limit N                 events: the newest N (default: 100)
  --zone ZONE               path: in this zone alone, by name or id (default: in every zone)
  --delete                  plan: plan a delete
  --help, -h                this text

Where Mold is, and as whom, comes from the environment, as for the provider: ${url}, ${key},
${secret} and the other ABLESTACK_… variables, or else CLOUDSTACK_… ones.

Exit code: 0 it was found out, and nothing stands in the way; 1 something does: plan --delete is blocked, a plan can't be carried out,
a path has a gap; 2 it could not be found out: wrong usage, no connection, no such cluster.
`;

/** A mistake of whoever typed it. */
export class Usage extends Error {
  override readonly name = "Usage";
  constructor(message: string) {
    super(`${message}; see ablestack-kubernetes --help`);
  }
}

interface About {
  readonly cluster: string;
  readonly owner?: string;
  readonly kubeconfig?: string;
}

export interface PlanDelete extends About {
  readonly command: "plan --delete";
}
export type Asked =
  | { readonly command: "list"; readonly state?: string }
  | (About & { readonly command: "show" })
  | (About & { readonly command: "nodes" })
  | (Omit<About, "kubeconfig"> & { readonly command: "events"; readonly since?: string; readonly level?: string; readonly limit?: string })
  | { readonly command: "path"; readonly from: string; readonly to: string; readonly zone?: string }
  | (Omit<About, "cluster"> & { readonly command: "plan"; readonly file: string })
  | PlanDelete;

export interface CommandLine {
  readonly asked: Asked;
  readonly json: boolean;
}

const options = {
  delete: { type: "boolean" },
  output: { type: "string", short: "o" },
  json: { type: "boolean" },
  kubeconfig: { type: "string" },
  owner: { type: "string" },
  state: { type: "string" },
  since: { type: "string" },
  level: { type: "string" },
  limit: { type: "string" },
  zone: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;
type Option = keyof typeof options;

/** The options that each takes, beside those of all. */
const taken: Readonly<Record<Asked["command"], readonly Option[]>> = {
  list: ["state"],
  show: ["owner", "kubeconfig"],
  nodes: ["owner", "kubeconfig"],
  events: ["owner", "since", "level", "limit"],
  path: ["zone"],
  plan: ["owner", "kubeconfig"],
  "plan --delete": ["delete", "owner", "kubeconfig"],
};
const ofAll: readonly Option[] = ["output", "json", "help"];
const commands = ["list", "show", "nodes", "events", "path", "plan"] as const;

/** @throws Usage */
export function readCommandLine(words: readonly string[]): CommandLine | "help" {
  const { values, positionals } = parsed(words);
  if (values.help === true) return "help";
  const [name, ...rest] = positionals;
  const said = `there are ${commands.join(", ")}`;
  if (name === undefined) throw new Usage(`a command is missing: ${said}`);
  const known = commands.find((each) => each === name);
  if (known === undefined) throw new Usage(`there is no command ${name}: ${said}`);
  const command = known === "plan" && values.delete === true ? "plan --delete" : known;
  for (const option of Object.keys(values) as Option[]) {
    if (!ofAll.includes(option) && !taken[command].includes(option)) throw new Usage(`${command} takes no --${option}`);
    if (values[option] === "") throw new Usage(`--${option} is empty`);
  }
  const { output } = values;
  if (output !== undefined && output !== "table" && output !== "json") throw new Usage(`--output is ${output}; it is table or json`);
  return { asked: askedBy(command, rest, values), json: values.json === true || output === "json" };
}

type Values = { readonly [O in Option]?: (typeof options)[O]["type"] extends "boolean" ? boolean : string };

function askedBy(command: Asked["command"], rest: readonly string[], values: Values): Asked {
  const [first, second, ...more] = rest;
  const { owner, kubeconfig, state, since, level, limit, zone } = values;
  switch (command) {
    case "list":
      if (first !== undefined) throw new Usage(`list takes no ${first}: show ${first} tells of one cluster`);
      return given({ command, state });
    case "path":
      if (first === undefined || second === undefined) throw new Usage("path needs two versions: path 1.34 1.36");
      if (more.length > 0) throw new Usage(`path takes two versions, found ${rest.join(", ")}`);
      for (const version of [first, second]) if (!/^\d+\.\d+(\.\d+)?$/.test(version)) throw new Usage(`${version} is no Kubernetes version: it looks like 1.35 or 1.35.4`);
      return given({ command, from: first, to: second, zone });
    case "plan":
      if (first === undefined) throw new Usage("plan needs a file with a declaration, or --delete and the name of a cluster");
      if (second !== undefined) throw new Usage(`one declaration at a time, found ${rest.join(", ")}`);
      return given({ command, file: first, owner, kubeconfig });
    default:
      if (first === undefined) throw new Usage(`${command} needs the name or the uid of a cluster`);
      if (second !== undefined) throw new Usage(`one cluster at a time, found ${rest.join(", ")}`);
      return command === "events" ? given({ command, cluster: first, owner, since, level, limit }) : given({ command, cluster: first, owner, kubeconfig });
  }
}

/** Without what was not said. */
const given = <T extends object>(asked: T): T => Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as T;

function parsed(words: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
    throw new Usage(message.split(". ")[0]!);
  }
}
