import { checkInputs } from "../../schema/check";
import { badDeclarations } from "./bad-declarations";

const table = badDeclarations.map((bad) => [`${bad.resource}.${bad.property} ${bad.says.source}`, bad] as const);

test.each(table)("a wrong declaration is told by its property: %s", (_, bad) => {
  const { failures } = checkInputs(bad.resource, bad.inputs);
  const told = failures.filter((failure) => failure.property === bad.property).map((failure) => failure.reason);
  expect(told).toContainEqual(expect.stringMatching(bad.says));
});

test("one mistake is told once, not by every rule it trips", () => {
  const many = badDeclarations.filter((bad) => {
    const said = checkInputs(bad.resource, bad.inputs).failures.map((failure) => `${failure.property} ${failure.reason}`);
    return new Set(said).size !== said.length;
  });
  expect(many).toEqual([]);
});

test("no message shows a secret, nor what stands where one belongs", () => {
  const secret = "hush-hush";
  const leaking = badDeclarations.flatMap((bad) => checkInputs(bad.resource, bad.inputs).failures).filter((failure) => failure.reason.includes(secret));
  expect(leaking).toEqual([]);
  const wrong: readonly [Parameters<typeof checkInputs>[0], unknown][] = [
    ["Connection", { apiUrl: "https://mold", apiKey: "k", secretKey: `${secret}\n` }],
    ["Connection", { apiUrl: "https://mold", apiKey: "k", secretKey: [secret] }],
    ["Connection", { apiUrl: "https://mold", apiKey: "k", secretKey: { value: secret } }],
    ["Connection", { apiUrl: "https://mold", apiKey: "k", secretkey: secret }],
    ["Connection", { apiUrl: `https://mold?k=${secret}`, proxy: `socks5://user:${secret}@proxy` }],
    ["KubernetesCluster", { privateRegistry: secret }],
    ["KubernetesCluster", { privateRegistry: `https://user:${secret}@registry` }],
    ["KubernetesCluster", { privateRegistry: [{ password: secret }] }],
    ["KubernetesCluster", { privateRegistry: { url: "https://r", pasword: secret } }],
    ["KubernetesCluster", { privateRegistry: { url: `https://user:${secret}@registry`, password: { value: secret } } }],
    ["Cluster", { identity: { caKey: { pem: secret }, adminKey: 7, uid: "x" } }],
    ["Cluster", { identity: secret }],
  ];
  for (const [resource, inputs] of wrong) {
    const { failures, warnings } = checkInputs(resource, inputs);
    expect(failures.length).toBeGreaterThan(0);
    expect(JSON.stringify([failures, warnings])).not.toContain(secret);
  }
});
