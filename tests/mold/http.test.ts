/** The client over real connections on loopback. */
import { createServer, type Server, type Socket } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent as HttpAgent, createServer as createHttpServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../provider/core/clock";
import { createMoldClient, type MoldClient } from "../../provider/mold/client";
import type { ConnectionSettings } from "../../provider/mold/connection";
import { authority } from "./certificates";
import { moldErrorOf } from "./rejection";
import { answered, KeptLog, refused, type Script, ScriptedMold, settings } from "./scripted-mold";

const open: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});
const zones: Script = ({ command }) => answered(command, { count: 1, zone: [{ id: "z" }] });

async function moldOf(script: Script = zones, options?: Parameters<typeof ScriptedMold.start>[1]): Promise<ScriptedMold> {
  const mold = await ScriptedMold.start(script, options);
  open.push(mold);
  return mold;
}
function clientOf(over: Partial<ConnectionSettings>): MoldClient {
  const client = createMoldClient(settings({ retries: 0, ...over }), { clock: systemClock, log: new KeptLog() });
  open.push({ stop: () => client.close() });
  return client;
}
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => void sockets.add(socket));
  open.push({
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return (server.address() as AddressInfo).port;
}

describe("over HTTP", () => {
  test.each(["sha256", "sha1"] as const)("calls signed with %s are let in by a server that checks for itself, and are POST", async (digest) => {
    const mold = await moldOf(zones, { digest });
    const client = clientOf({ apiUrl: mold.url, digest });
    expect(await client.list("listZones", { name: "a b*(c)~!'é한\n&=+" })).toEqual([{ id: "z" }]);
    expect(mold.calls[0]).toMatchObject({ command: "listZones", method: "POST", params: { name: "a b*(c)~!'é한\n&=+", response: "json", signatureVersion: "3" } });
  });

  test("auto finds the digest of either kind of server", async () => {
    for (const digest of ["sha256", "sha1"] as const) {
      const mold = await moldOf(zones, { digest });
      expect(await clientOf({ apiUrl: mold.url, digest: "auto" }).list("listZones", {})).toEqual([{ id: "z" }]);
    }
  });

  test("the wrong digest or key is one error, after one call", async () => {
    const mold = await moldOf(zones, { digest: "sha1" });
    expect(await moldErrorOf(clientOf({ apiUrl: mold.url, retries: 4 }).list("listZones", {}))).toMatchObject({ kind: "credentials", code: 401 });
    expect(await moldErrorOf(clientOf({ apiUrl: mold.url, retries: 4, digest: "sha1", secretKey: "another" }).list("listZones", {}))).toMatchObject({ kind: "credentials" });
    expect(mold.calls.length).toBe(2);
  });

  test("user data of 32,768 bytes arrives as it was", async () => {
    const mold = await moldOf(({ command }) => answered(command, { id: "m", jobid: "j" }));
    const userdata = Buffer.alloc(32_768, "é#!").toString("base64");
    await clientOf({ apiUrl: mold.url }).start("deployVirtualMachine", { zoneid: "z", serviceofferingid: "s", templateid: "t", userdata });
    expect(mold.calls[0]?.params.userdata).toBe(userdata);
  });

  test("calls one after another share a connection", async () => {
    const mold = await moldOf();
    const client = clientOf({ apiUrl: mold.url });
    for (let i = 0; i < 5; i++) await client.list("listZones", {});
    expect([mold.calls.length, mold.connections]).toEqual([5, 1]);
  });

  test("an answer that takes longer than unused connections are kept is waited for", async () => {
    const mold = await moldOf(async (call, nth) => {
      await new Promise((resolve) => setTimeout(resolve, 3_300));
      return zones(call, nth);
    });
    expect(await clientOf({ apiUrl: mold.url }).list("listZones", {})).toEqual([{ id: "z" }]);
  });

  test("a refusal with its HTTP status is read in Mold's words", async () => {
    const mold = await moldOf(({ command }) => refused(command, 431, "Invalid parameter id"));
    expect(await moldErrorOf(clientOf({ apiUrl: mold.url }).list("listZones", {}))).toMatchObject({ kind: "refused", code: 431, said: "Invalid parameter id" });
  });

  test("a list is repeated on a new connection after one that broke, a change is not", async () => {
    const mold = await moldOf((call, nth) => (nth === 1 || call.command === "createNetwork" ? { drop: true } : zones(call, nth)));
    const client = clientOf({ apiUrl: mold.url, retries: 2 });
    expect(await client.list("listZones", {})).toEqual([{ id: "z" }]);
    const error = await moldErrorOf(client.call("createNetwork", { name: "n", networkofferingid: "o", zoneid: "z" }));
    expect(error).toMatchObject({ kind: "unreachable", message: expect.stringContaining("Mold may have taken it all the same") });
    expect(mold.calls.map(({ command }) => command)).toEqual(["listZones", "listZones", "createNetwork"]);
  });

  test.each(["EHOSTUNREACH", "ENETDOWN"])("a change is not repeated when the way to the server is lost (%s) after it was sent: that says nothing of whether it arrived", async (code) => {
    const sockets: Socket[] = [];
    const connects = (HttpAgent.prototype as unknown as { createConnection(...given: unknown[]): Socket }).createConnection;
    const watched = jest.spyOn(HttpAgent.prototype as unknown as { createConnection: typeof connects }, "createConnection").mockImplementation(function (this: HttpAgent, ...given) {
      const socket = connects.apply(this, given);
      sockets.push(socket);
      return socket;
    });
    open.push({ stop: () => watched.mockRestore() });
    const mold = await moldOf(() => {
      sockets.at(-1)?.destroy(Object.assign(new Error(`read ${code}`), { code, syscall: "read" }));
      return { drop: true };
    });
    const error = await moldErrorOf(clientOf({ apiUrl: mold.url, retries: 4 }).call("createNetwork", { name: "n", networkofferingid: "o", zoneid: "z" }));
    expect([mold.calls.length, error.message]).toEqual([1, expect.stringMatching(/Mold may have taken it all the same/)]);
  });

  test("no answer in time is an error that says how to allow more", async () => {
    const mold = await moldOf(() => ({ silent: true }));
    expect(await moldErrorOf(clientOf({ apiUrl: mold.url, timeoutSeconds: 0.1 }).list("listZones", {}))).toMatchObject({ kind: "timeout", message: expect.stringContaining("ablestack:timeout") });
  });

  test("nothing that listens there is an error that names the address", async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    expect((await moldErrorOf(clientOf({ apiUrl: `http://127.0.0.1:${port}/client/api` }).list("listZones", {}))).message).toContain(`nothing takes connections at http://127.0.0.1:${port}/client/api. Check ablestack:apiUrl`);
  });

  test("a redirect is not followed with the keys: the error says where to", async () => {
    const mold = await moldOf(() => ({ status: 302, headers: { location: "https://mold.example.com/client/api?x=1" }, body: "" }));
    expect((await moldErrorOf(clientOf({ apiUrl: mold.url }).list("listZones", {}))).message).toContain("redirects (HTTP 302) to https://mold.example.com/client/api.");
  });

  test("giving up breaks a list off", async () => {
    const giveUp = new AbortController();
    const reason = new Error("the user gave up");
    const mold = await moldOf(() => {
      giveUp.abort(reason);
      return { silent: true };
    });
    await expect(clientOf({ apiUrl: mold.url }).list("listZones", {}, { signal: giveUp.signal })).rejects.toBe(reason);
  });
});

describe("over TLS", () => {
  let trusted: Awaited<ReturnType<typeof authority>>;
  beforeAll(async () => {
    trusted = await authority();
  });
  const secure = async (served: { key: string; cert: string }): Promise<ScriptedMold> => moldOf(zones, { tls: served });

  test("a private authority is trusted when it is given, as text or as a file, and no other", async () => {
    const mold = await secure(await trusted.sign("127.0.0.1"));
    expect(await clientOf({ apiUrl: mold.url, caCertificate: trusted.ca }).list("listZones", {})).toEqual([{ id: "z" }]);
    const folder = mkdtempSync(join(tmpdir(), "mold-ca-"));
    open.push({ stop: () => rmSync(folder, { recursive: true }) });
    writeFileSync(join(folder, "ca.pem"), trusted.ca);
    expect(await clientOf({ apiUrl: mold.url, caCertificate: join(folder, "ca.pem") }).list("listZones", {})).toEqual([{ id: "z" }]);
    const other = await authority();
    for (const caCertificate of [undefined, other.ca]) {
      const error = await moldErrorOf(clientOf({ apiUrl: mold.url, caCertificate, retries: 4 }).list("listZones", {}));
      expect(error).toMatchObject({ kind: "unreachable", message: expect.stringMatching(/not signed by an authority that is trusted here\. Set ablestack:caCertificate/) });
    }
    expect(mold.calls.length).toBe(2);
  });

  test("a file that can't be read is an error that names the setting", async () => {
    await expect(clientOf({ apiUrl: "https://127.0.0.1:9/client/api", caCertificate: "/nowhere/ca.pem" }).list("listZones", {})).rejects.toThrow(/ablestack:caCertificate is neither a PEM certificate nor a file that can be read: \/nowhere\/ca\.pem \(ENOENT\)/);
  });

  test.each([
    ["expired", "127.0.0.1", -48, -1, /certificate of https:\/\/127\.0\.0\.1:\d+\/client\/api has expired/],
    ["not valid yet", "127.0.0.1", 1, 24, /is not valid yet/],
    ["for another name", "mold.example.com", -1, 1, /is for another name/],
  ])("a certificate that is %s is one error, at once", async (_, host, from, to, message) => {
    const hour = 3_600_000;
    const mold = await secure(await trusted.sign(host, from * hour, to * hour));
    const error = await moldErrorOf(clientOf({ apiUrl: mold.url, caCertificate: trusted.ca, retries: 4 }).list("listZones", {}));
    expect(error).toMatchObject({ kind: "unreachable", message: expect.stringMatching(message) });
    expect([mold.calls.length, mold.connections]).toEqual([0, 1]);
  });

  test("insecure takes any certificate", async () => {
    const mold = await secure(await trusted.sign("mold.example.com", -48 * 3_600_000, -1000));
    expect(await clientOf({ apiUrl: mold.url, insecure: true }).list("listZones", {})).toEqual([{ id: "z" }]);
  });

  test("https to a port that speaks plain HTTP says so, and the other way round", async () => {
    const plain = await moldOf();
    expect((await moldErrorOf(clientOf({ apiUrl: plain.url.replace("http:", "https:") }).list("listZones", {}))).message).toContain("should begin with http://");
    const mold = await secure(await trusted.sign("127.0.0.1"));
    expect(await moldErrorOf(clientOf({ apiUrl: mold.url.replace("https:", "http:") }).list("listZones", {}))).toMatchObject({ kind: "unreachable" });
  });

  test("a server that accepts connections and never speaks TLS holds a call for the time to connect only", async () => {
    const port = await listening(createServer());
    const error = await moldErrorOf(clientOf({ apiUrl: `https://127.0.0.1:${port}/client/api`, connectTimeoutSeconds: 0.1, retries: 4 }).list("listZones", {}));
    expect(error).toMatchObject({ kind: "unreachable", message: expect.stringContaining("did not take a connection in time") });
  });
});

describe("through a proxy", () => {
  /** A proxy for plain requests (whole address in the request line) and tunnels (CONNECT), which asks for a user if told to. */
  async function proxyOf(user?: string): Promise<{ port: number; seen: string[] }> {
    const seen: string[] = [];
    const allowed = (authorization: string | undefined): boolean => user === undefined || authorization === `Basic ${Buffer.from(user).toString("base64")}`;
    const server = createHttpServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (!allowed(request.headers["proxy-authorization"])) return void response.writeHead(407, { "content-type": "text/html" }).end("<html>who are you?</html>");
      const onward = httpRequest(request.url ?? "", { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    server.on("connect", (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      if (!allowed(request.headers["proxy-authorization"])) return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n");
      const [host, port] = (request.url ?? "").split(":");
      const onward = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        onward.pipe(socket).pipe(onward);
      });
      onward.on("error", () => socket.destroy());
      socket.on("error", () => onward.destroy());
    });
    return { port: await listening(server), seen };
  }

  test("plain calls go by the proxy", async () => {
    const mold = await moldOf();
    const { port, seen } = await proxyOf();
    expect(await clientOf({ apiUrl: mold.url, proxy: `http://127.0.0.1:${port}` }).list("listZones", {})).toEqual([{ id: "z" }]);
    expect(seen).toEqual([`POST ${mold.url}`]);
  });

  test("TLS goes through a tunnel, with a private authority, and the tunnel is kept", async () => {
    const trusted = await authority();
    const mold = await moldOf(zones, { tls: await trusted.sign("127.0.0.1") });
    const { port, seen } = await proxyOf();
    const client = clientOf({ apiUrl: mold.url, proxy: `http://127.0.0.1:${port}`, caCertificate: trusted.ca });
    for (let i = 0; i < 3; i++) expect(await client.list("listZones", {})).toEqual([{ id: "z" }]);
    expect(seen).toEqual([`CONNECT ${new URL(mold.url).host}`]);
    const stranger = clientOf({ apiUrl: mold.url, proxy: `http://127.0.0.1:${port}` });
    expect((await moldErrorOf(stranger.list("listZones", {}))).message).toContain("ablestack:caCertificate");
    const elsewhere = await moldOf(zones, { tls: await trusted.sign("127.0.0.2") });
    const other = clientOf({ apiUrl: elsewhere.url, proxy: `http://127.0.0.1:${port}`, caCertificate: trusted.ca });
    expect((await moldErrorOf(other.list("listZones", {}))).message).toContain("is for another name");
    const careless = clientOf({ apiUrl: mold.url, proxy: `http://127.0.0.1:${port}`, insecure: true });
    expect(await careless.list("listZones", {})).toEqual([{ id: "z" }]);
  });

  test.each(["http", "https"])("a user and password are given to it (%s), and asked for when they are missing, without showing up", async (scheme) => {
    const trusted = await authority();
    const mold = await moldOf(zones, scheme === "https" ? { tls: await trusted.sign("127.0.0.1") } : {});
    const { port } = await proxyOf("user:p@ss word");
    const common = { apiUrl: mold.url, caCertificate: trusted.ca };
    expect(await clientOf({ ...common, proxy: `http://user:p%40ss%20word@127.0.0.1:${port}` }).list("listZones", {})).toEqual([{ id: "z" }]);
    expect((await moldErrorOf(clientOf({ ...common, proxy: `http://127.0.0.1:${port}` }).list("listZones", {}))).message).toMatch(/stopped by the proxy.*407.*ablestack:proxy/);
    const wrong = await moldErrorOf(clientOf({ ...common, proxy: `http://user:hunter22@127.0.0.1:${port}` }).list("listZones", {}));
    expect(wrong.message).not.toContain("hunter22");
  });

  test("a proxy that isn't there is named in the error, without its password", async () => {
    const mold = await moldOf();
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const error = await moldErrorOf(clientOf({ apiUrl: mold.url, proxy: `http://user:hunter22@127.0.0.1:${port}` }).list("listZones", {}));
    expect(error.message).toMatch(/through the proxy http:\/\/127\.0\.0\.1:\d+\/.*ablestack:proxy/);
    expect(error.message).not.toContain("hunter22");
  });

  test("a tunnel that is never made holds a call for the time to connect only", async () => {
    const silent = await listening(createServer());
    const error = await moldErrorOf(clientOf({ apiUrl: "https://mold.example.com/client/api", proxy: `http://127.0.0.1:${silent}`, connectTimeoutSeconds: 0.1 }).list("listZones", {}));
    expect(error.message).toContain("did not take a connection in time");
  });

  test("axios does not look into the environment by itself", async () => {
    const mold = await moldOf();
    const before = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = "http://127.0.0.1:9";
    try {
      expect(await clientOf({ apiUrl: mold.url }).list("listZones", {})).toEqual([{ id: "z" }]);
    } finally {
      if (before === undefined) delete process.env.HTTP_PROXY;
      else process.env.HTTP_PROXY = before;
    }
  });
});
