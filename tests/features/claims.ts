/** What a row of the documentation promises, in parts: each with a test that shows it, and with switches that it is seen to fail by. */
import { capability } from "../../schema/capability";
import type { Management } from "../../schema/property";
import { door, said, type Declared, type Way } from "./door";
import { off, type Switch } from "./switches";
import { declared, opened } from "./worlds";

export interface Shown {
  /** Fails where it is not so. */
  readonly shows: (on: Management) => Promise<void>;
  /** Each alone turns it off. */
  readonly without: (on: Management, way: Way) => readonly Switch[];
}

/** A management that can't do it: asked for, it is refused by name, with the reason that schema/capability.ts gives. */
export interface Refusal extends Shown {
  /** A property or an operation. */
  readonly subject: string;
}

export interface Claim extends Shown {
  /** In a program's words. */
  readonly says: string;
  readonly refused?: Partial<Readonly<Record<Management, Refusal>>>;
  /** Why it can't be had through Terraform, in few words. */
  readonly notThroughTerraform?: string;
  /** How it is had there, where that is otherwise. */
  readonly inTerraform?: string;
}

/** By check, as long as it is declared for that management. */
export function refusedByCheck(subject: string, asked: Declared | (() => Promise<Declared>)): Refusal {
  return {
    subject,
    async shows(on) {
      const { failures } = await door().check(opened(on).cloud, { ...declared(on), ...(typeof asked === "function" ? await asked() : asked) });
      expect(failures).toEqual([{ property: door().inWords(subject), reason: expect.stringContaining(door().inWords(String(capability(on, subject)))) as string }]);
    },
    without: () => [off<unknown>("check does not know who can do it", "schema/kubernetes-cluster", `clusterInputs.${subject.replaceAll(".", ".properties.")}.managements`, () => ({}))],
  };
}

/** By the plan: what it says hangs on what is there. */
export function refusedByPlan(subject: string, asked: Parameters<typeof declared>[1], message: RegExp): Refusal {
  return {
    subject,
    async shows(on) {
      const life = opened(on);
      const before = life.cloud.state();
      await expect(life.up(declared(on, asked))).rejects.toThrow(said(message));
      expect(life.cloud.state()).toBe(before);
    },
    without: () => [off<(...given: never[]) => readonly unknown[]>("what Mold can't do is not looked at", "provider/core/managed/problems", "problemsOf", () => () => [])],
  };
}
