/** etcdctl's command line: words, and the flags that may stand anywhere among them. */

/** What etcdctl prints after `Error:`, and its exit code. */
export class EtcdctlError extends Error {
  override readonly name = "EtcdctlError";
  constructor(
    message: string,
    readonly code = 1,
    /** What was printed before. */
    readonly printed = "",
  ) {
    super(message);
  }
}

export interface Arguments {
  readonly words: readonly string[];
  readonly endpoints: readonly string[];
  readonly cluster: boolean;
  readonly format: "simple" | "json";
}

const PKI = "/etc/kubernetes/pki/etcd";
/** What kubeadm mounts into the pod: a flag that names another file finds none. */
const files = new Set(["ca.crt", "ca.key", ...["server", "peer", "healthcheck-client"].flatMap((name) => [`${name}.crt`, `${name}.key`])].map((name) => `${PKI}/${name}`));

const switches = new Set(["cluster", "debug", "hex", "insecure-discovery", "insecure-skip-tls-verify", "insecure-transport"]);
const valued = new Set(["endpoints", "cacert", "cert", "key", "user", "password", "command-timeout", "dial-timeout", "keepalive-time", "keepalive-timeout", "discovery-srv", "discovery-srv-name", "write-out", "consistency"]);

export function parseArguments(args: readonly string[]): Arguments {
  const words: string[] = [];
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const short = /^-w(?:=?(.+))?$/.exec(arg);
    const long = /^--([^=]+)(?:=(.*))?$/.exec(arg);
    if (!short && !long) {
      if (/^-./.test(arg)) throw new EtcdctlError(`unknown shorthand flag: '${arg[1]}' in ${arg}`);
      words.push(arg);
      continue;
    }
    const name = long ? (long[1] ?? "") : "write-out";
    const value = long ? long[2] : short?.[1];
    if (switches.has(name)) given.set(name, value ?? "true");
    else if (!valued.has(name)) throw new EtcdctlError(`unknown flag: --${name}`);
    else if (value !== undefined) given.set(name, value);
    else if (at + 1 < args.length) given.set(name, args[++at] ?? "");
    else throw new EtcdctlError(`flag needs an argument: ${arg}`);
  }
  for (const name of ["cacert", "cert", "key"]) {
    const path = given.get(name);
    if (path !== undefined && !files.has(path)) throw new EtcdctlError(`open ${path}: no such file or directory`);
  }
  const format = given.get("write-out") ?? "simple";
  if (format !== "simple" && format !== "json") throw new EtcdctlError("unsupported output format", 128);
  return { words, endpoints: (given.get("endpoints") ?? "127.0.0.1:2379").split(","), cluster: given.get("cluster") === "true", format };
}
