import { help, readCommandLine, Usage } from "../../provider/cli/command-line";

test.each<[string, ReturnType<typeof readCommandLine>]>([
  ["plan --delete prod", { cluster: "prod", json: false }],
  ["plan prod --delete --json", { cluster: "prod", json: true }],
  ["plan --delete k3x9abcdef01 --owner pulumi:o/p/s --kubeconfig ./config", { cluster: "k3x9abcdef01", owner: "pulumi:o/p/s", kubeconfig: "./config", json: false }],
  ["--help", "help"],
  ["plan --delete -h", "help"],
])("%s is understood", (line, asked) => {
  expect(readCommandLine(line.split(" "))).toEqual(asked);
});

test.each([
  ["", "a command is missing: there is plan"],
  ["destroy prod", "there is no command destroy: there is plan"],
  ["plan prod", "plan needs --delete; what an up would do is shown by pulumi preview"],
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
  for (const option of ["--delete", "--kubeconfig FILE", "--owner OWNER", "--json", "--help", "ABLESTACK_API_URL", "ABLESTACK_API_KEY", "ABLESTACK_SECRET_KEY"]) expect(help).toContain(option);
  expect(help).toMatch(/Exit code: 0 .*; 1 .*; 2 /);
});
