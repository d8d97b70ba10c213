/** What is seen of a cluster as a whole: etcd's members, its recorded version, what runs in kube-system, and its events. */
import type { Line } from "./recorder";
import { tell, type Stories } from "./recording";
import type { TrimmedEvent, TrimmedPod } from "./trimmed";

interface Member {
  readonly name: string;
  readonly isLearner: boolean;
}

const isReady = ({ conditions }: TrimmedPod): boolean => conditions.some(({ type, status }) => type === "Ready" && status === "True");
const short = (image: string): string => image.replace(/^.*\//, "");

/** What a pod of kubeadm's is called without what is made up for each. The network's are the site's own. */
function roleOf({ labels, isMirror }: TrimmedPod): string | undefined {
  const [component, app] = [labels?.component, labels?.["k8s-app"]];
  return isMirror ? component : app === "kube-proxy" || app === "kube-dns" ? app : undefined;
}

export function clusterStories(): (stage: string, lines: readonly Line[]) => Stories {
  const pods = new Map<string, TrimmedPod>();
  const images = new Map<string, string>();
  const nodes = new Set<string>();
  let voters = 0;
  let shown = "";
  return (_stage, lines) => {
    const stories: Stories = new Map();
    const reasons = new Map<string, Set<string>>();
    for (const { source, name, now } of lines) {
      if (source === "node") {
        if (now === undefined) nodes.delete(name);
        else nodes.add(name);
      } else if (source === "etcd") {
        const count = (now as Member[]).filter(({ isLearner }) => !isLearner).length;
        if (count !== voters) tell(stories, "etcd", `${(voters = count)} voting members`);
      } else if (source === "configuration") tell(stories, "kubeadm-config", (now as { version?: string } | undefined)?.version ?? "(none)");
      else if (source === "pod") {
        const pod = now as TrimmedPod | undefined;
        if (!pod) pods.delete(name);
        else {
          pods.set(name, pod);
          const image = pod.images.map(short).join(", ");
          if (pod.isMirror && images.get(name) !== image) tell(stories, `static pods of ${pod.node}`, image);
          if (pod.isMirror) images.set(name, image);
        }
      } else if (source === "event" && now !== undefined) {
        const { of, reason = "", by = "" } = now as TrimmedEvent;
        const [kind, subject = ""] = of.split(" ");
        if (kind === "Node") reasons.set(subject, (reasons.get(subject) ?? new Set()).add(`${reason} by ${by}`));
      }
    }
    for (const [subject, lines_] of stories) if (subject.startsWith("static pods")) stories.set(subject, [...lines_].sort());
    for (const [subject, all] of reasons) tell(stories, `events of node ${subject}`, ...[...all].sort());
    const system = new Map<string, number>();
    for (const [name, pod] of pods) {
      const role = roleOf(pod);
      // Those of a node that is gone go within a minute (podgc).
      if (!name.startsWith("kube-system/") || role === undefined || !nodes.has(pod.node ?? "")) continue;
      const text = `${role}: ${pod.images.map(short).join(", ")}, ${isReady(pod) ? "Ready" : "not Ready"}`;
      system.set(text, (system.get(text) ?? 0) + 1);
    }
    const now = [...system].map(([text, count]) => `${count} × ${text}`).sort();
    if (now.join() !== shown) tell(stories, "kube-system in the end", ...now);
    shown = now.join();
    return stories;
  };
}
