/** `etcdctl` as it is played inside an etcd pod: what it reads, changes, prints and exits with. */
import type { Member } from "./etcd";
import { EtcdctlError, parseArguments, type Arguments } from "./etcdctl-arguments";

/** An etcd cluster as one of its members, at which etcdctl runs, has it. */
export interface EtcdView {
  /** Unsigned 64 bits. */
  readonly clusterId: bigint;
  /** `3.6.6` */
  readonly version: string;
  readonly term: number;
  readonly self: Member;
  readonly members: readonly Member[];
  readonly leader: Member | undefined;
  isUp(member: Member): boolean;
  /** @returns etcd's refusal, or undefined when it is done. */
  remove(id: bigint): string | undefined;
  /** @returns etcd's refusal, or undefined when it is done. */
  moveLeader(id: bigint): string | undefined;
}

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

const uint64 = (id: string): bigint => BigInt(`0x${id}`);
const UNREACHABLE = "context deadline exceeded";
/** cobrautl.ExitBadArgs */
const BAD_ARGUMENTS = 128;

/** JSON in which bigints are numbers with all their digits, as Go prints them. */
function json(value: unknown): string {
  const marked = JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? `\u0000${each}` : each));
  return `${marked.replace(/"\\u0000(\d+)"/g, "$1")}\n`;
}

const hostOf = (url: string): string => new URL(url.includes("://") ? url : `https://${url}`).hostname;
/** A learner that has not started has told nobody its name or where it listens. */
const clientUrls = (member: Member): string[] => (member.learner ? [] : [member.peerUrl.replace(/:2380$/, ":2379")]);

export function etcdctl(args: readonly string[], etcd: EtcdView): Ran {
  try {
    return run(parseArguments(args), etcd);
  } catch (error) {
    if (error instanceof EtcdctlError) return { stdout: error.printed, stderr: `Error: ${error.message}\n`, code: error.code };
    throw error;
  }
}

function run(args: Arguments, etcd: EtcdView): Ran {
  const [command = "", sub = ""] = args.words;
  const done = (stdout: string): Ran => ({ stdout, stderr: "", code: 0 });
  switch (`${command} ${sub}`) {
    case "member list":
      reachable(args, etcd);
      return done(memberList(args, etcd));
    case "member remove":
      return done(remove(args, etcd));
    case "endpoint status":
      return done(status(args, etcd));
    case "endpoint health":
      return done(health(args, etcd));
    default:
  }
  if (command === "move-leader") return done(moveLeader(args, etcd));
  if (command === "version") return done(`etcdctl version: ${etcd.version}\nAPI version: ${etcd.version.split(".").slice(0, 2).join(".")}\n`);
  throw new EtcdctlError(`unknown command "${command === "member" || command === "endpoint" ? sub : command}" for "etcdctl${command === "member" || command === "endpoint" ? ` ${command}` : ""}"`);
}

/** The endpoints asked for, each with the member that answers there, if one does. */
function endpoints(args: Arguments, etcd: EtcdView): { readonly url: string; readonly member: Member | undefined }[] {
  const urls = args.cluster ? etcd.members.flatMap(clientUrls) : args.endpoints;
  return urls.map((url) => {
    const host = hostOf(url);
    const member = host === "127.0.0.1" || host === "localhost" ? etcd.self : etcd.members.find((each) => hostOf(each.peerUrl) === host);
    return { url, member: member && !member.learner && etcd.isUp(member) ? member : undefined };
  });
}

/** The member that a call goes to. Reading members and changing them both go through a majority. */
function reachable(args: Arguments, etcd: EtcdView): Member {
  const found = endpoints({ ...args, cluster: false }, etcd).find(({ member }) => member)?.member;
  if (!found || !etcd.leader) throw new EtcdctlError(UNREACHABLE);
  return found;
}

function memberId(args: Arguments, at: number, what: string): bigint {
  const text = args.words[at];
  if (text === undefined || args.words.length > at + 1) throw new EtcdctlError(what, BAD_ARGUMENTS);
  if (!/^[0-9a-f]{1,16}$/i.test(text)) throw new EtcdctlError(`bad member ID arg (strconv.ParseUint: parsing "${text}": invalid syntax), expecting ID in Hex`, BAD_ARGUMENTS);
  return uint64(text);
}

function header(member: Member, etcd: EtcdView): Record<string, bigint | number> {
  return { cluster_id: etcd.clusterId, member_id: uint64(member.id), raft_term: etcd.term };
}

function memberList(args: Arguments, etcd: EtcdView): string {
  const rows = etcd.members.map((member) => ({ id: uint64(member.id), name: member.learner ? "" : member.name, peerURLs: [member.peerUrl], clientURLs: clientUrls(member), learner: member.learner }));
  if (args.format === "simple") return rows.map((row) => `${row.id.toString(16)}, ${row.name === "" ? "unstarted" : "started"}, ${row.name}, ${row.peerURLs.join(",")}, ${row.clientURLs.join(",")}, ${row.learner}\n`).join("");
  return json({
    header: header(reachable(args, etcd), etcd),
    // Go leaves out what is empty.
    members: rows.map((row) => ({ ID: row.id, ...(row.name !== "" && { name: row.name }), peerURLs: row.peerURLs, ...(row.clientURLs.length > 0 && { clientURLs: row.clientURLs }), ...(row.learner && { isLearner: true }) })),
  });
}

function remove(args: Arguments, etcd: EtcdView): string {
  const id = memberId(args, 2, "member ID is not provided");
  const answering = reachable(args, etcd);
  const refused = etcd.remove(id);
  if (refused !== undefined) throw new EtcdctlError(refused);
  if (args.format === "simple") return `Member ${id.toString(16).padStart(16, " ")} removed from cluster ${etcd.clusterId.toString(16).padStart(16, " ")}\n`;
  const left = etcd.members.filter((member) => uint64(member.id) !== id);
  return json({ header: header(answering, etcd), members: left.map((member) => ({ ID: uint64(member.id), name: member.name, peerURLs: [member.peerUrl], clientURLs: clientUrls(member) })) });
}

function moveLeader(args: Arguments, etcd: EtcdView): string {
  const id = memberId(args, 1, "move-leader command needs 1 argument");
  const given = endpoints({ ...args, cluster: false }, etcd);
  // etcdctl asks one endpoint after the other, and gives up at the first that does not answer.
  const { leader } = etcd;
  for (const { member } of given) {
    if (!member) throw new EtcdctlError(UNREACHABLE);
    if (member !== leader) continue;
    const refused = etcd.moveLeader(id);
    if (refused !== undefined) throw new EtcdctlError(refused);
    return `Leadership transferred from ${leader.id.replace(/^0+/, "")} to ${id.toString(16)}\n`;
  }
  throw new EtcdctlError(`no leader endpoint given at [${given.map(({ url }) => url).join(" ")}]`, BAD_ARGUMENTS);
}

function status(args: Arguments, etcd: EtcdView): string {
  const asked = endpoints(args, etcd);
  const leader = etcd.leader ? uint64(etcd.leader.id) : 0n;
  const rows = asked.flatMap(({ url, member }) =>
    member ? [{ Endpoint: url, Status: { header: header(member, etcd), version: etcd.version, dbSize: 25_000_000, leader, raftIndex: 8, raftTerm: etcd.term, raftAppliedIndex: 8, dbSizeInUse: 20_000_000 } }] : [],
  );
  const printed = args.format === "json" ? json(rows) : rows.map(({ Endpoint, Status }) => `${Endpoint}, ${Status.header.member_id?.toString(16)}, ${etcd.version}, 25 MB, ${Status.header.member_id === leader}, false, ${etcd.term}, 8, 8, \n`).join("");
  // Whoever answered is printed all the same.
  const silent = asked.find(({ member }) => !member);
  if (silent) throw new EtcdctlError(`failed to get the status of endpoint ${silent.url} (${UNREACHABLE})`, 1, printed);
  return printed;
}

function health(args: Arguments, etcd: EtcdView): string {
  const asked = endpoints(args, etcd).map(({ url, member }) => ({ url, health: member !== undefined && etcd.leader !== undefined }));
  const took = "9.8ms";
  const printed =
    args.format === "json"
      ? json(asked.map((each) => ({ endpoint: each.url, health: each.health, took, ...(!each.health && { error: UNREACHABLE }) })))
      : asked.map((each) => (each.health ? `${each.url} is healthy: successfully committed proposal: took = ${took}\n` : `${each.url} is unhealthy: failed to commit proposal: ${UNREACHABLE}\n`)).join("");
  if (asked.some((each) => !each.health)) throw new EtcdctlError("unhealthy cluster", 1, printed);
  return printed;
}
