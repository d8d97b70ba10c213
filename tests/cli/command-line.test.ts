import { help, readCommandLine, Usage } from "../../provider/cli/command-line";

const said = "there are list, show, nodes, events, path, plan";

test.each<[string, ReturnType<typeof readCommandLine>]>([
  ["plan --delete prod", { asked: { command: "plan --delete", cluster: "prod" }, json: false }],
  ["plan prod --delete --json", { asked: { command: "plan --delete", cluster: "prod" }, json: true }],
  ["plan --delete k3x9abcdef01 --owner pulumi:o/p/s --kubeconfig ./config", { asked: { command: "plan --delete", cluster: "k3x9abcdef01", owner: "pulumi:o/p/s", kubeconfig: "./config" }, json: false }],
  ["plan prod.yaml --kubeconfig ./config", { asked: { command: "plan", file: "prod.yaml", kubeconfig: "./config" }, json: false }],
  ["list --state Running -o json", { asked: { command: "list", state: "Running" }, json: true }],
  ["show prod --output table", { asked: { command: "show", cluster: "prod" }, json: false }],
  ["nodes prod", { asked: { command: "nodes", cluster: "prod" }, json: false }],
  ["events prod --since 7d --level ERROR --limit 5", { asked: { command: "events", cluster: "prod", since: "7d", level: "ERROR", limit: "5" }, json: false }],
  ["path 1.34 1.36.3 --zone zone-1", { asked: { command: "path", from: "1.34", to: "1.36.3", zone: "zone-1" }, json: false }],
  ["--help", "help"],
  ["plan --delete -h", "help"],
])("%s is understood", (line, asked) => {
  expect(readCommandLine(line.split(" "))).toEqual(asked);
});

test.each([
  ["", `a command is missing: ${said}`],
  ["destroy prod", `there is no command destroy: ${said}`],
  ["plan", "plan needs a file with a declaration, or --delete and the name of a cluster"],
  ["plan a.yaml b.yaml", "one declaration at a time, found a.yaml, b.yaml"],
  ["list prod", "list takes no prod: show prod tells of one cluster"],
  ["list --zone zone-1", "list takes no --zone"],
  ["nodes prod --delete", "nodes takes no --delete"],
  ["show", "show needs the name or the uid of a cluster"],
  ["show prod -o yaml", "--output is yaml; it is table or json"],
  ["path 1.34", "path needs two versions: path 1.34 1.36"],
  ["path 1.34 latest", "latest is no Kubernetes version: it looks like 1.35 or 1.35.4"],
  ["plan --delete", "plan --delete needs the name or the uid of a cluster"],
  ["plan --delete prod test", "one cluster at a time, found prod, test"],
  ["plan --delete prod --kubeconfig", "Option '--kubeconfig <value>' argument missing"],
  ["plan --delete prod --kubeconfig=", "--kubeconfig is empty"],
  ["plan --delete prod --force", "Unknown option '--force'"],
])("“%s” is refused: %s", (line, why) => {
  const words = line === "" ? [] : line.split(" ");
  expect(() => readCommandLine(words)).toThrow(new Usage(why));
});

test("the help names every option and every exit code", () => {
  for (const option of ["--delete", "--kubeconfig FILE", "--owner OWNER", "--json", "--output table|json", "--state STATE", "--since TIME", "--level LEVEL", "--limit N", "--zone ZONE", "--help", "ABLESTACK_API_URL", "ABLESTACK_API_KEY", "ABLESTACK_SECRET_KEY"]) expect(help).toContain(option);
  expect(help).toMatch(/Exit code: 0 .*; 1 .*; 2 /s);
});
