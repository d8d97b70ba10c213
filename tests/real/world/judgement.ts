/** Whether a goal was met by what was seen. Knows the forms that goals have here; undefined: nobody can tell by the words. */

interface Rule {
  readonly goal: RegExp;
  /** The number in what was seen that the goal is about. */
  readonly seen: RegExp;
  /** What the goal's own number is multiplied by. */
  readonly times?: number;
}

const rules: readonly Rule[] = [
  { goal: /^none failed$/, seen: /([\d,]+) failed/ },
  { goal: /^no gap longer than ([\d.]+) s$/, seen: /longest gap ([\d.]+) ms/, times: 1000 },
  { goal: /^no gap longer than ([\d.]+) ms$/, seen: /longest gap ([\d.]+) ms/ },
  { goal: /^at most ([\d.]+) times$/, seen: /([\d.]+) times/ },
  { goal: /^at most ([\d.]+) s$/, seen: /^([\d.]+) s/ },
  { goal: /^no difference but those that are allowed$/, seen: /([\d,]+) differences? that (?:is|are) not allowed/ },
];

export function isMet(goal: string, seen: string): boolean | undefined {
  for (const { goal: form, seen: where, times = 1 } of rules) {
    const [limit, found] = [form.exec(goal), where.exec(seen)?.[1]];
    if (limit && found !== undefined) return Number(found.replaceAll(",", "")) <= Number(limit[1] ?? 0) * times;
  }
  return undefined;
}
