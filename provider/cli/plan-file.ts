/** `plan FILE`: what an up of a declaration would do. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Session } from "../handlers/handler";
import { planDeclared, type DeclaredPlan } from "../handlers/plan-declared";
import type { Answer } from "./answer";
import { Usage, type Asked } from "./command-line";
import { accessFrom } from "./plan-delete";

/** @throws Usage when the file is none; what `planDeclared` throws */
export async function planFile(session: Session, { file, owner, kubeconfig }: Extract<Asked, { readonly command: "plan" }>): Promise<Answer> {
  const declaration = declarationIn(file);
  const access = kubeconfig === undefined ? undefined : await accessFrom(kubeconfig);
  const planned = await planDeclared(session, declaration, { owner, access });
  return { data: planned, text: words(planned), blocked: planned.problems.length > 0 };
}

function declarationIn(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new Usage(`${file} can't be read (${(error as NodeJS.ErrnoException).code ?? "no reason given"})`);
  }
  try {
    return parse(text) as unknown;
  } catch (error) {
    // The parser's own words quote the file, which may hold a password.
    throw new Usage(`${file} is neither YAML nor JSON${lineOf(error)}`);
  }
}

function lineOf(error: unknown): string {
  const line = (error as { linePos?: { line?: number }[] }).linePos?.[0]?.line;
  return line === undefined ? "" : ` (line ${line})`;
}

function words({ name, cluster, plan, problems, warnings, assumed }: DeclaredPlan): string {
  const part = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  - ${line}`)]);
  const nothing = plan.length === 0 && problems.length === 0;
  return [
    cluster ? `${cluster.name} (uid ${cluster.uid}), declared by ${cluster.owner ?? "nobody who is on record"}` : `${name || "the cluster"} is not there yet`,
    ...part("It can't be done:", problems.map(({ property, reason }) => (property === "" ? reason : `${property}: ${reason}`))),
    ...part("An up would:", plan),
    ...(nothing ? ["", "An up would do nothing: it is as declared."] : []),
    ...part("Mind:", warnings),
    ...(assumed === undefined ? [] : ["", `${assumed[0]!.toUpperCase()}${assumed.slice(1)}; give --kubeconfig FILE.`]),
    "",
    "Nothing was changed.",
  ].join("\n");
}
