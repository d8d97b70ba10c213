/** Every command that the library sends, as its source has it: the compiler tells which parameters each is given, spreads included. */
import { join, relative } from "node:path";
import ts from "typescript";

export interface Sent {
  readonly command: string;
  readonly verb: Verb;
  /** Names of the parameters, whether always given or at times. */
  readonly parameters: readonly string[];
  /** Those that are always given. */
  readonly always: readonly string[];
  /** `provider/core/endpoint.ts:149` */
  readonly where: string;
}

const verbs = ["call", "list", "run", "start"] as const;
type Verb = (typeof verbs)[number];

const root = join(__dirname, "../../..");

/** @param more texts of files that are not there, by path: for showing that a wrong one is found */
export function sentBy(folders: readonly string[], more: Readonly<Record<string, string>> = {}): Sent[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = folders.flatMap((folder) => ts.sys.readDirectory(join(root, folder), [".ts"], ["**/generate.ts"]));
  const extra = new Map(Object.entries(more).map(([path, text]) => [join(root, path), text]));
  const host = ts.createCompilerHost({ ...options, incremental: false });
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => extra.has(path) || fileExists.call(host, path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = extra.get(path);
    return text === undefined ? getSourceFile.call(host, path, version, ...rest) : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram({ rootNames: [...files, ...extra.keys()], options: { ...options, incremental: false, tsBuildInfoFile: undefined, noEmit: true }, host });
  const checker = program.getTypeChecker();
  const found: Sent[] = [];
  const visit = (file: ts.SourceFile, node: ts.Node): void => {
    const sent = ts.isCallExpression(node) ? sentIn(checker, file, node) : undefined;
    if (sent) found.push(sent);
    node.forEachChild((child) => visit(file, child));
  };
  for (const path of [...files, ...extra.keys()]) {
    const file = program.getSourceFile(path);
    if (file) visit(file, file);
  }
  return found;
}

function sentIn(checker: ts.TypeChecker, file: ts.SourceFile, { expression, arguments: [command, parameters] }: ts.CallExpression): Sent | undefined {
  if (!ts.isPropertyAccessExpression(expression) || command === undefined || parameters === undefined) return undefined;
  const verb = verbs.find((each) => each === expression.name.text);
  if (verb === undefined || !ts.isStringLiteral(command)) return undefined;
  // Of a union (a spread that is there at times) every member's.
  const type = checker.getTypeAtLocation(parameters);
  const members = type.isUnion() ? type.types : [type];
  const properties = members.map((member) => member.getProperties());
  const names = new Set(properties.flat().map(({ name }) => name));
  const isAlways = (name: string): boolean => properties.every((each) => each.some((property) => property.name === name && (property.flags & ts.SymbolFlags.Optional) === 0));
  const { line } = file.getLineAndCharacterOfPosition(expression.getStart(file));
  return { command: command.text, verb, parameters: [...names].sort(), always: [...names].filter(isAlways).sort(), where: `${relative(root, file.fileName)}:${line + 1}` };
}
