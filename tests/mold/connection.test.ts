import { connection as declared } from "../../schema/connection";
import { checkConnection, connectionFrom, ConnectionError } from "../../provider/mold/connection";
import { isLoopback, proxyFromEnvironment } from "../../provider/mold/proxy";
import { settings } from "./scripted-mold";

const configOf = (values: Record<string, string>) => ({ get: (key: string) => values[key] });
const full = { "ablestack:apiUrl": "https://mold.example.com/client/api", "ablestack:apiKey": "key", "ablestack:secretKey": "secret" };

function errorOf(work: () => unknown): ConnectionError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectionError);
    return error as ConnectionError;
  }
  throw new Error("nothing was thrown");
}

describe("where a connection comes from", () => {
  test("configuration alone is enough, with the declared defaults", () => {
    expect(connectionFrom(configOf(full), {})).toMatchObject({
      apiUrl: "https://mold.example.com/client/api",
      apiKey: "key",
      secretKey: "secret",
      digest: declared.inputs.digest?.default,
      timeoutSeconds: declared.inputs.timeout?.default,
      jobTimeoutSeconds: declared.inputs.jobTimeout?.default,
      insecure: false,
      proxy: undefined,
    });
  });

  test("configuration goes before ABLESTACK_*, and that before CLOUDSTACK_*", () => {
    const environment = { ABLESTACK_API_URL: "https://able", CLOUDSTACK_API_URL: "https://cloud", CLOUDSTACK_KEY: "cloud-key", CLOUDSTACK_SECRET_KEY: "cloud-secret", ABLESTACK_API_KEY: "able-key", ABLESTACK_PROJECT_ID: "p" };
    expect(connectionFrom(configOf({ "ablestack:apiUrl": "https://config" }), environment)).toMatchObject({ apiUrl: "https://config", apiKey: "able-key", secretKey: "cloud-secret", projectId: "p" });
    expect(connectionFrom(configOf({}), environment).apiUrl).toBe("https://able");
    expect(connectionFrom(configOf({}), { CLOUDSTACK_ENDPOINT: "https://endpoint", CLOUDSTACK_KEY: "k", CLOUDSTACK_SECRET: "s" })).toMatchObject({ apiUrl: "https://endpoint", apiKey: "k", secretKey: "s" });
  });

  test("an empty value is none", () => expect(connectionFrom(configOf({ ...full, "ablestack:apiUrl": " " }), { ABLESTACK_API_URL: "https://able" }).apiUrl).toBe("https://able"));

  test("every declared property can be set", () => {
    const all = { ...full, "ablestack:domainId": "d", "ablestack:account": "a", "ablestack:digest": "AUTO", "ablestack:caCertificate": "/ca.pem", "ablestack:proxy": "http://p:3128", "ablestack:insecure": "true", "ablestack:timeout": "5", "ablestack:jobTimeout": "6" };
    expect(connectionFrom(configOf(all), {})).toMatchObject({ domainId: "d", account: "a", digest: "auto", caCertificate: "/ca.pem", proxy: "http://p:3128", insecure: true, timeoutSeconds: 5, jobTimeoutSeconds: 6 });
    expect(connectionFrom(configOf({ ...full, "ablestack:projectId": "p" }), {}).projectId).toBe("p");
  });

  test("further connections come by name, as keys or as one object", () => {
    const config = configOf({
      ...full,
      "ablestack:connections.lab.apiUrl": "https://lab",
      "ablestack:connections.lab.apiKey": "lab-key",
      "ablestack:connections.lab.secretKey": "lab-secret",
      "ablestack:connections": JSON.stringify({ far: { apiUrl: "https://far", apiKey: "far-key", secretKey: "far-secret", timeout: 9 } }),
    });
    expect(connectionFrom(config, {}, "lab")).toMatchObject({ name: "lab", apiUrl: "https://lab", apiKey: "lab-key" });
    expect(connectionFrom(config, {}, "far")).toMatchObject({ name: "far", apiUrl: "https://far", apiKey: "far-key", timeoutSeconds: 9 });
  });

  test("a further connection never takes the default one's keys, from configuration or environment", () => {
    const error = errorOf(() => connectionFrom(configOf({ ...full, "ablestack:connections.lab.apiUrl": "https://lab" }), { ABLESTACK_API_KEY: "k", ABLESTACK_SECRET_KEY: "s" }, "lab"));
    expect(error.keys).toEqual(["ablestack:connections.lab.apiKey", "ablestack:connections.lab.secretKey"]);
    expect(error.message).toContain("pulumi config set --secret --path ablestack:connections.lab.secretKey");
  });

  test("nothing configured is an error that names each key and how to set it, and never an address made up", () => {
    const error = errorOf(() => connectionFrom(configOf({}), {}));
    expect(error.keys).toEqual(["ablestack:apiUrl", "ablestack:apiKey", "ablestack:secretKey"]);
    expect(error.message).toContain("`pulumi config set ablestack:apiUrl …` or ABLESTACK_API_URL");
    expect(error.message).toContain("`pulumi config set --secret ablestack:secretKey` or ABLESTACK_SECRET_KEY");
    expect(error.message).not.toMatch(/127\.0|localhost/);
  });
});

describe("settings that can't work are refused by name", () => {
  test.each([
    ["apiUrl", "mold.example.com/client/api"],
    ["apiUrl", "ftp://mold.example.com"],
    ["apiUrl", "https://mold.example.com/client/api?command=listZones"],
    ["apiKey", "with space"],
    ["secretKey", "two\nlines"],
    ["digest", "md5"],
    ["proxy", "proxy:3128"],
    ["insecure", "perhaps"],
    ["timeout", "soon"],
    ["jobTimeout", "0"],
    ["account", "without-domain"],
  ])("%s = %j", (property, value) => {
    const error = errorOf(() => connectionFrom(configOf({ ...full, [`ablestack:${property}`]: value }), {}));
    expect(error.keys).toEqual([`ablestack:${property}`]);
    expect(error.message).toContain(`ablestack:${property}`);
  });

  test("a bad secret is not repeated in the error", () => expect(errorOf(() => connectionFrom(configOf({ ...full, "ablestack:secretKey": "hidden value" }), {})).message).not.toContain("hidden"));

  test("an account in a project is refused", () =>
    expect(errorOf(() => connectionFrom(configOf({ ...full, "ablestack:account": "a", "ablestack:domainId": "d", "ablestack:projectId": "p" }), {})).keys).toEqual(["ablestack:projectId"]));

  test("connections that are no object are refused", () => expect(errorOf(() => connectionFrom(configOf({ "ablestack:connections": "[1]" }), {}, "lab")).keys).toEqual(["ablestack:connections"]));

  test("so are settings made by hand", () => expect(errorOf(() => checkConnection(settings({ name: "lab", apiUrl: "" }))).keys).toEqual(["ablestack:connections.lab.apiUrl"]));
});

describe("the proxy of the environment", () => {
  const proxied = { HTTPS_PROXY: "http://proxy:3128", HTTP_PROXY: "http://plain:3128" };
  test.each([
    ["https://mold.example.com/api", proxied, "http://proxy:3128"],
    ["http://mold.example.com/api", proxied, "http://plain:3128"],
    ["https://mold.example.com/api", { ...proxied, https_proxy: "lower:1" }, "http://lower:1"],
    ["https://mold.example.com/api", { ALL_PROXY: "http://all:1" }, "http://all:1"],
    ["https://127.0.0.1:8443/api", proxied, undefined],
    ["https://127.80.0.3/api", proxied, undefined],
    ["https://localhost/api", proxied, undefined],
    ["https://[::1]/api", proxied, undefined],
    ["https://mold.example.com/api", { ...proxied, NO_PROXY: "other.com,example.com" }, undefined],
    ["https://mold.example.com/api", { ...proxied, NO_PROXY: ".example.com" }, undefined],
    ["https://mold.example.com/api", { ...proxied, NO_PROXY: "*.example.com" }, undefined],
    ["https://mold.example.com/api", { ...proxied, NO_PROXY: "ample.com" }, "http://proxy:3128"],
    ["https://mold.example.com:8443/api", { ...proxied, NO_PROXY: "mold.example.com:8443" }, undefined],
    ["https://mold.example.com/api", { ...proxied, NO_PROXY: "mold.example.com:8443" }, "http://proxy:3128"],
    ["https://10.1.2.3/api", { ...proxied, NO_PROXY: "10.0.0.0/8" }, undefined],
    ["https://11.1.2.3/api", { ...proxied, NO_PROXY: "10.0.0.0/8" }, "http://proxy:3128"],
    ["https://mold.example.com/api", { ...proxied, no_proxy: "*" }, undefined],
  ])("%s with %j: %s", (url, environment, proxy) => expect(proxyFromEnvironment(url, environment)).toBe(proxy));

  test("what is explicit wins, loopback or not", () =>
    expect(connectionFrom(configOf({ ...full, "ablestack:apiUrl": "http://127.0.0.1:1/client/api", "ablestack:proxy": "http://mine:1" }), proxied).proxy).toBe("http://mine:1"));

  test("loopback is told by the address, not by its looks", () => {
    expect(isLoopback(new URL("https://127.0.0.1.example.com"))).toBe(false);
    expect(isLoopback(new URL("https://mold.localhost"))).toBe(true);
  });
});
