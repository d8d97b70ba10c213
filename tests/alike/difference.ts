/** How two recordings differ, and what of that is allowed. Pure. */
import { type Recording } from "./recording";

/** One subject that differs in one stage. */
export interface Difference {
  readonly stage: string;
  readonly subject: string;
  /** Lines of a diff: what the real one has alone begins with `-`, the simulated one's with `+`. */
  readonly lines: readonly string[];
}

export interface Allowed {
  /** Default: every stage. */
  readonly stages?: readonly string[];
  readonly subject: RegExp;
  /** Lines as in {@link Difference}; all others of that subject are not allowed by this. */
  readonly lines: RegExp;
  /** Why it is as well as that. */
  readonly why: string;
  /** It depends on time, which no two real runs share: a fresh real run need not show it. */
  readonly sometimes?: boolean;
}

export function differences(real: Recording, simulated: Recording): Difference[] {
  return [...new Set([...Object.keys(real), ...Object.keys(simulated)])].flatMap((stage) => {
    const [ours, theirs] = [simulated[stage] ?? {}, real[stage] ?? {}];
    return [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].sort().flatMap((subject) => {
      const lines = diff(theirs[subject] ?? [], ours[subject] ?? []);
      return lines.some((line) => !line.startsWith(" ")) ? [{ stage, subject, lines }] : [];
    });
  });
}

/** By the longest common subsequence. */
export function diff(before: readonly string[], after: readonly string[]): string[] {
  const common = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) common[i]![j] = before[i] === after[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const lines: string[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push(` ${before[i++]}`);
      j++;
    } else if (i < before.length && (j >= after.length || common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push(`-${before[i++]}`);
    else lines.push(`+${after[j++]}`);
  }
  return lines;
}

export interface Judged {
  /** What is left when the allowed lines are taken out. */
  readonly refused: readonly Difference[];
  /** How many lines are allowed. */
  readonly allowed: number;
  /** Allowances that nothing needed. */
  readonly idle: readonly Allowed[];
}

export function judge(found: readonly Difference[], allowances: readonly Allowed[]): Judged {
  const used = new Set<Allowed>();
  let allowed = 0;
  const refused = found.flatMap(({ stage, subject, lines }) => {
    const left = lines.filter((line) => {
      if (line.startsWith(" ")) return false;
      const by = allowances.filter((each) => (each.stages?.includes(stage) ?? true) && each.subject.test(subject) && each.lines.test(line));
      by.forEach((each) => used.add(each));
      if (by.length > 0) allowed += 1;
      return by.length === 0;
    });
    return left.length > 0 ? [{ stage, subject, lines }] : [];
  });
  return { refused, allowed, idle: allowances.filter((each) => !used.has(each)) };
}

/** For a person. */
export const inWords = (found: readonly Difference[]): string => found.map(({ stage, subject, lines }) => `${stage}: ${subject}\n${lines.map((line) => `  ${line}`).join("\n")}`).join("\n\n");
