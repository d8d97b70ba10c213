/** `plan FILE`: what an up of a declaration would do. */
import { readFileSync } from "node:fs";
import { parseAllDocuments, type Document } from "yaml";
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
    return onlyDocument(file, text);
  } catch (error) {
    if (error instanceof Usage) throw error;
    // The parser's own words quote the file, which may hold a password.
    throw new Usage(`${file} is neither YAML nor JSON${lineOf(error)}`);
  }
}

/** Its warnings are printed by the parser itself unless they are asked for here, and quote the file as its errors do. */
function onlyDocument(file: string, text: string): unknown {
  const documents: readonly Document.Parsed[] = [...parseAllDocuments(text, { merge: true, logLevel: "error" })];
  if (documents.length > 1) throw new Usage(`${file} holds ${documents.length} documents; one declaration at a time`);
  const [document] = documents;
  if (!document) return undefined;
  const [error, warning] = [document.errors[0], document.warnings[0]];
  if (error) throw error;
  if (warning) throw new Usage(`${file} has a tag (!…) that means nothing here${lineOf(warning)}; write the value itself`);
  return document.toJS();
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
