/** Where the time of an upgrade goes: the core's steps as `pulumi up` told them, and the agent's as its journal has them. Pure. */

export interface Span {
  readonly step: string;
  readonly seconds: number;
}

/** Steps that name the node, in the order they ended: `wait for life-control-1 to run 1.35.4: done in 87 s`. The engine says all of it once more at its end. */
export function coreSteps(output: string, node: string): Span[] {
  const spans = new Map<string, number>();
  for (const [, title, time] of output.matchAll(/\d+ s {2}(\S[^:\n]*): done in ([\d.]+) s/g)) if (title!.split(/[ ,]/).includes(node)) spans.set(title!, Number(time));
  return [...spans].map(([step, seconds]) => ({ step: step.replaceAll(` ${node}`, ""), seconds }));
}

/**
 * How long each step of the agent took: it says a line as each one ends.
 * @param journal as of `journalctl --output=short-unix --unit ablestack-kubernetes-agent`
 */
export function agentSteps(journal: string, version: string): Span[] {
  const lines = [...journal.matchAll(/^(\d+\.\d+) \S+ [^:]*: ([a-z]+): (.*)$/gm)].map(([, at, step, text]) => ({ at: Number(at), step: step!, text: text! }));
  const begin = lines.findIndex(({ step, text }) => step === "order" && text.includes(` to ${version}`));
  const end = lines.findIndex(({ text }, index) => index > begin && text === `upgraded to ${version}`);
  if (begin < 0 || end < 0) return [];
  return lines.slice(begin + 1, end + 1).map(({ at, text }, index) => ({ step: text, seconds: at - lines[begin + index]!.at }));
}

/** `kubeadm upgrade apply is done 61 s, Kubernetes 1.35.4 installed 5 s`; what took less than a second is left out. */
export const spansInWords = (spans: readonly Span[]): string =>
  spans
    .filter(({ seconds }) => seconds >= 1)
    .map(({ step, seconds }) => `${step} ${seconds.toFixed(0)} s`)
    .join(", ");
