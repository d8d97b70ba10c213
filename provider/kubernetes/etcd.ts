/** etcd's members, read and changed by `etcdctl` in one of its pods. */
import type { ClusterAccess, EtcdMember } from "../core/ports";
import { KubernetesError } from "./errors";
import type { ExecAnswer, ExecEnd, ExecRequest } from "./exec";
import { refusal, said as saidIn } from "./refusal";
import type { KubernetesResponse } from "./transport";
import { parseKeepingDigits } from "./whole-numbers";

/** As kubeadm lays them out, and mounts them into the pod. */
const pki = "/etc/kubernetes/pki/etcd";
const certificates = [`--cacert=${pki}/ca.crt`, `--cert=${pki}/healthcheck-client.crt`, `--key=${pki}/healthcheck-client.key`];
const itself = "https://127.0.0.1:2379";

const notFound = "etcdserver: member not found";
const notTheLeader = "no leader endpoint given";

/** What etcdctl printed; or etcd's own words, when it would not. */
type Said = { readonly printed: string } | { readonly refused: string };

export class Etcdctl {
  /** @param via the node whose etcd pod is used. */
  constructor(
    private readonly via: string,
    private readonly access: ClusterAccess,
    private readonly exec: (request: ExecRequest) => Promise<ExecAnswer>,
  ) {}

  async members(): Promise<EtcdMember[]> {
    const { members, leader } = await this.membersAndLeader();
    return members.map(({ clientUrls: _, ...member }) => ({ ...member, isLeader: member.id === leader }));
  }

  async remove(id: string): Promise<void> {
    const wanted = this.hex(id);
    const { members, own } = await this.list();
    if (own === wanted) throw new KubernetesError("refused", `${this.what}: the member ${wanted} can't remove itself: it would not live to say so. Use the etcd pod of another control plane.`);
    if (!members.some((member) => member.id === wanted)) return;
    const said = await this.run(["member", "remove", wanted]);
    // Somebody else was faster, or our own first try whose answer was lost.
    if ("refused" in said && said.refused.includes(notFound)) return;
    this.printed(said);
  }

  async moveLeader(to: string): Promise<void> {
    const wanted = this.hex(to);
    // The order has to go to the leader itself, which may change between our question and our order: then once more.
    for (let attempt = 1; ; attempt++) {
      const { members, leader } = await this.membersAndLeader();
      if (leader === wanted) return;
      const endpoint = members.find((member) => member.id === leader)?.clientUrls[0];
      if (endpoint === undefined) throw new KubernetesError("unreachable", `${this.what}: etcd has no leader now. Wait until a majority of its members is up.`);
      const said = await this.run(["move-leader", wanted], endpoint);
      if ("refused" in said && said.refused.includes(notTheLeader) && attempt < 3) continue;
      this.printed(said);
      return;
    }
  }

  private get what(): string {
    return `etcdctl in etcd-${this.via} by ${this.access.endpoint}`;
  }

  private async list(): Promise<{ readonly own: string | undefined; readonly members: Listed[] }> {
    return this.read(["member", "list"], (answer) => {
      const { header, members } = answer as MemberList;
      return { own: header?.member_id === undefined ? undefined : hexOfDecimal(header.member_id), members: (members ?? []).map(toListed) };
    });
  }

  private async membersAndLeader(): Promise<{ readonly members: Listed[]; readonly leader: string | undefined }> {
    const { members } = await this.list();
    // Any member knows who leads; asking all of them would fail for the sake of one that is down.
    const leader = await this.read(["endpoint", "status"], (answer) => {
      const id = (answer as EndpointStatus)[0]?.Status?.leader ?? "0";
      return id === "0" ? undefined : hexOfDecimal(id);
    });
    return { members, leader };
  }

  private async read<T>(command: readonly string[], take: (answer: unknown) => T): Promise<T> {
    const printed = this.printed(await this.run([...command, "--write-out=json"]));
    try {
      return take(parseKeepingDigits(printed));
    } catch (cause) {
      throw new KubernetesError("refused", `${this.what}: what etcdctl ${command.join(" ")} prints is not what is known of it. Look whether this version of etcd is one that this library knows.`, undefined, { cause });
    }
  }

  private async run(command: readonly string[], endpoint = itself): Promise<Said> {
    const answer = await this.exec({ namespace: "kube-system", pod: `etcd-${this.via}`, container: "etcd", command: ["etcdctl", `--endpoints=${endpoint}`, ...certificates, ...command] });
    if ("refused" in answer) throw this.notLetIn(answer.refused);
    const { stdout, stderr, status } = answer.ended;
    if (status.status === "Success") return { printed: stdout };
    const code = exitCode(answer.ended);
    if (code === undefined) throw this.notRun(status.message);
    const words = lastWords(stderr);
    // etcdctl gives a reason for all that it refuses: with its pod's end it is killed (137), on an upgrade of that node say.
    if (words === undefined) throw this.notRun(`it ended with ${code} and said nothing, as what is killed does`);
    return { refused: words };
  }

  private notLetIn(refused: KubernetesResponse): KubernetesError {
    const why = saidIn(refused.body);
    if (refused.status === 500) return this.notRun(why);
    // After its own upgrade a kubelet makes its static pods anew, and what the API shows of them with that: for some seconds there is none (measured).
    if (refused.status === 404) return new KubernetesError("unreachable", `${this.what}: ${cut(why)}. The kubelet of ${this.via} may just be making it anew, or no etcd runs there: use the etcd pod of another control plane.`, 404);
    return refusal(this.what, refused);
  }

  private notRun(why: string | undefined): KubernetesError {
    return new KubernetesError("unreachable", `${this.what}: ${cut(why)}. The machine of ${this.via} is down or its etcd does not run: use the etcd pod of another control plane.`);
  }

  private printed(said: Said): string {
    if ("printed" in said) return said.printed;
    const { kind, todo } = verdicts.find(({ words }) => words.test(said.refused)) ?? { kind: "refused" as const, todo: `Look at the logs of the pod etcd-${this.via}.` };
    throw new KubernetesError(kind, `${this.what}: ${said.refused}. ${todo}`);
  }

  private hex(id: string): string {
    if (/^[0-9a-f]{1,16}$/i.test(id)) return BigInt(`0x${id}`).toString(16);
    throw new KubernetesError("refused", `${this.what}: ${JSON.stringify(cut(id))} is no id of a member: it is a hexadecimal number of 64 bits. Take it from the list of members.`);
  }
}

/** What etcd's refusals (api/v3rpc/rpctypes/error.go) mean for whoever asked. */
const verdicts = [
  { words: /not enough started members/, kind: "refused", todo: "Too few voting members that have started would be left: add or start others first." },
  { words: /unhealthy cluster/, kind: "refused", todo: "Another member is down, and without this one etcd would lose its majority: start or remove that one first." },
  { words: /bad leader transferee/, kind: "refused", todo: "It is no member, or one that does not vote yet: read the members again." },
  { words: /leader transfer took too long/, kind: "timeout", todo: "The member did not take over: see whether its machine is up." },
  { words: /no leader|no leader endpoint given/, kind: "unreachable", todo: "etcd is electing: try again." },
  { words: /deadline exceeded|timed out|connection refused|unavailable/i, kind: "unreachable", todo: "etcd does not answer there: see whether a majority of its members is up." },
  { words: /executable file not found|no such file or directory/, kind: "refused", todo: "The pod is none that kubeadm has made, or its certificates are elsewhere." },
] as const;

/** etcdctl's JSON, its numbers as text. Go leaves out what is empty. */
interface MemberList {
  readonly header?: { readonly member_id?: string };
  readonly members?: readonly { readonly ID: string; readonly name?: string; readonly peerURLs?: readonly string[]; readonly clientURLs?: readonly string[]; readonly isLearner?: boolean }[];
}
type EndpointStatus = readonly { readonly Status?: { readonly leader?: string } }[];
type Listed = Omit<EtcdMember, "isLeader"> & { readonly clientUrls: readonly string[] };

function toListed(member: NonNullable<MemberList["members"]>[number]): Listed {
  return { id: hexOfDecimal(member.ID), name: member.name ?? "", peerUrls: member.peerURLs ?? [], isLearner: member.isLearner ?? false, clientUrls: member.clientURLs ?? [] };
}

function hexOfDecimal(id: string): string {
  if (!/^\d{1,20}$/.test(id)) throw new RangeError("an id that is no number");
  return BigInt(id).toString(16);
}

function exitCode({ status }: ExecEnd): string | undefined {
  return status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
}

/** etcdctl logs what it tries again before it gives up; what counts stands last. */
function lastWords(stderr: string): string | undefined {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const last = lines.findLast((line) => line.startsWith("Error: ")) ?? lines.at(-1);
  return last && cut(last.replace(/^Error: /, ""));
}

function cut(text: string | undefined): string {
  return (text ?? "no reason given").slice(0, 300).replace(/\.$/, "");
}
