import { randomBytes } from "node:crypto";
import { bootstrapTokenPattern, bootstrapTokenSecret, newBootstrapToken } from "../../provider/kubernetes/bootstrap-token";

it("makes tokens of kubeadm's form", () => {
  for (let i = 0; i < 200; i++) expect(newBootstrapToken(randomBytes)).toMatch(bootstrapTokenPattern);
});

it("draws every character equally often: bytes that do not divide evenly are drawn again", () => {
  // Every byte value once, in turn: after 256 bytes each of the 36 characters has come 7 times.
  let next = 0;
  const counts = new Map<string, number>();
  const cycle = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => next++ % 256);
  for (let i = 0; i < 126 / 22; i++) for (const char of newBootstrapToken(cycle).replace(".", "")) counts.set(char, (counts.get(char) ?? 0) + 1);
  expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
  expect(newBootstrapToken((count) => Uint8Array.from({ length: count }, (_, i) => (i % 2 ? 255 : 0)))).toBe("000000.0000000000000000");
});

it("gives up on a source that never gives a usable byte", () => {
  expect(() => newBootstrapToken((count) => new Uint8Array(count).fill(255))).toThrow(/no usable bytes/);
});

it("describes the Secret that the API takes for a token", () => {
  const secret = bootstrapTokenSecret("abcdef.0123456789abcdef", new Date("2026-11-23T12:34:56.789Z"));
  const read = Object.fromEntries(Object.entries(secret.data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
  expect(secret).toMatchObject({ type: "bootstrap.kubernetes.io/token", metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" } });
  expect(read).toMatchObject({
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    expiration: "2026-11-23T12:34:56Z",
    "usage-bootstrap-authentication": "true",
    "usage-bootstrap-signing": "true",
    "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
  });
});

it("refuses what is no token without repeating it", () => {
  expect(() => bootstrapTokenSecret("hunter2", new Date())).toThrow(/not a bootstrap token/);
  expect(() => bootstrapTokenSecret("hunter2", new Date())).not.toThrow(/hunter2/);
});
