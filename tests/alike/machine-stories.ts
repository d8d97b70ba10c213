/** What is seen of machines in Mold. */
import type { Line } from "./recorder";
import { tell, type Stories } from "./recording";

interface SeenMachine {
  readonly state?: string;
  readonly isoname?: string;
  readonly address: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

interface MoldEvent {
  readonly type: string;
  readonly state: string;
  readonly level: string;
  readonly resourcename?: string;
}

const facts: Readonly<Record<string, (machine: SeenMachine) => string>> = {
  state: ({ state }) => state ?? "",
  "disc in the drive": ({ isoname }) => isoname ?? "none",
  address: ({ address }) => (address ? "given" : "none"),
  tags: ({ tags }) => Object.keys(tags).sort().join(", "),
};

/** The hypervisors' own word to whoever runs the emulator, in their own terms. */
/** Of what the library asks Mold for, which no hypervisor has a say in. */
export const otherEvents = "Mold's other events";

const isItsOwn = ({ type }: MoldEvent): boolean => /^(SIMULATED|NSPAWN)\./.test(type);

/** `prod-worker-3`, of `prod-worker-3 <id>`. */
export const machineOf = ({ name }: Line): string => name.split(" ")[0]!;

/** Mold is asked again and again: two changes between two looks are one. So each fact is told for itself. */
export function machineStories(): (stage: string, lines: readonly Line[]) => Stories {
  const known = new Map<string, SeenMachine>();
  return (_stage, lines) => {
    const stories: Stories = new Map();
    const turns = new Map<string, Map<string, string[]>>();
    for (const line of lines) {
      if (line.source !== "machine") continue;
      const [before, after] = [known.get(line.name), line.now as SeenMachine | undefined];
      const subject = `machine ${machineOf(line)}`;
      const own = turns.get(subject) ?? new Map<string, string[]>();
      turns.set(subject, own);
      for (const [fact, read] of Object.entries(facts)) {
        const now = after ? read(after) : fact === "state" ? "gone" : undefined;
        if (now !== undefined && now !== (before && read(before))) own.set(fact, [...(own.get(fact) ?? []), now]);
      }
      if (after) known.set(line.name, after);
      else known.delete(line.name);
    }
    for (const [subject, own] of turns) tell(stories, subject, ...[...own].map(([fact, values]) => `${fact}: ${values.join(" → ")}`));
    const events = lines.flatMap(({ source, now }) => (source === "moldEvent" && !isItsOwn(now as MoldEvent) ? [now as MoldEvent] : []));
    // How many of them there are depends on time: locks are renewed, members assigned as they come.
    const others = new Set<string>();
    for (const { type, state, level, resourcename } of events) {
      const text = `${type} ${state}${level === "INFO" ? "" : ` ${level}`}`;
      if (/^prod-(control|worker)-\d+$/.test(resourcename ?? "")) tell(stories, `Mold's events of ${resourcename}`, text);
      else others.add(text);
    }
    if (others.size > 0) tell(stories, otherEvents, ...[...others].sort());
    return stories;
  };
}
