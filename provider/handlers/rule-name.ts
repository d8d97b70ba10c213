/** A rule is found again by its resource's name, which Mold keeps as the value of a tag: what Mold takes of one is told before anything is made. */
import { formats } from "../../schema/formats";
import type { CheckFailure, Declared } from "./handler";

/** In characters. */
const longest = 255;

export function ruleNameFailures({ declaredBy: { resource } }: Declared): CheckFailure[] {
  const fail = (reason: string): CheckFailure[] => [{ property: "name", reason: `the resource's own name ${reason}` }];
  if (resource.length > longest) return fail(`has ${resource.length} characters; at most ${longest} are allowed, since Mold keeps it as a tag of the rule`);
  return formats.printable(resource) === undefined ? [] : fail("holds a tab or another control character, which Mold takes none of");
}
