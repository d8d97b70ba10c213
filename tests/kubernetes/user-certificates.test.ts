/** The kubeconfig's client certificate is another before it ends, and known in every preview: all of them are made with the cluster. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createUserCertificates, type UserCertificates } from "../../provider/kubernetes/certificates";
import { clientNow, endOf } from "../../provider/kubernetes/kubeconfig";
import { noon, someCertificates } from "./identity";

const uid = "k3x0vp9aw2m1";
const yearMs = 8_760 * 3_600_000;

let users: UserCertificates;
let clients: Parameters<typeof clientNow>[0];
let ca: string;

beforeAll(async () => {
  const ours = await someCertificates();
  ca = ours.caCertificate;
  users = await createUserCertificates({ uid, now: noon, ...ours });
  clients = { ...ours, ...users };
});

test("whenever one is fetched, it is in force and lasts for another year, or as long as the authority", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 * yearMs - 1 }), (after) => {
      const { expires } = clientNow(clients, noon + after);
      expect(Date.parse(expires)).toBeGreaterThanOrEqual(Math.min(noon + after + yearMs, noon + 10 * yearMs));
    }),
  );
});

test("it changes once a year and not between", () => {
  const at = (ms: number): string => clientNow(clients, noon + ms).adminCertificate;
  expect(at(0)).toBe(at(yearMs - 1));
  expect(at(yearMs)).not.toBe(at(yearMs - 1));
  expect(new Set(Array.from({ length: 10 }, (_, year) => at(year * yearMs)))).toEqual(new Set(users.userCertificates));
  expect(clientNow(clients, noon).adminKey).toBe(users.userKey);
});

test("openssl verifies each as a TLS client of the cluster in its time, and not before", () => {
  const folder = mkdtempSync(join(tmpdir(), "users-"));
  try {
    writeFileSync(join(folder, "ca"), ca);
    const verify = (certificate: string, ms: number): string => {
      writeFileSync(join(folder, "user"), certificate);
      const args = ["verify", "-attime", String(Math.floor((noon + ms) / 1000)), "-x509_strict", "-purpose", "sslclient", "-CAfile", "ca", "user"];
      return execFileSync("openssl", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    };
    for (const [year, certificate] of users.userCertificates.entries()) {
      expect(verify(certificate, year * yearMs)).toContain("OK");
      if (year > 0) expect(() => verify(certificate, (year - 1) * yearMs)).toThrow();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an identity that was made before there were any comes with the admin's", () => {
  const { userCertificates: _none, userKey: _key, ...former } = clients;
  expect(clientNow(former, noon)).toEqual({ adminCertificate: former.adminCertificate, adminKey: former.adminKey, expires: endOf(former.adminCertificate) });
});
