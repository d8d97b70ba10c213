import { createHmac } from "node:crypto";
import fc from "fast-check";
import { canonicalString, encodeValue, moldTime, type Parameter, sign, signedBody } from "../../provider/mold/signing";
import { apiKey, decodeForm, expectedSignature, javaEncode, secretKey } from "./scripted-mold";

const names = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,8}(\[[0-9]\]\.[a-zA-Z]{1,6})?$/);
const parameters = fc.uniqueArray(fc.tuple(names, fc.string({ unit: "binary", maxLength: 30 })), { selector: ([name]) => name, maxLength: 8 });

describe("encoding of values", () => {
  test("is that of Java's URLEncoder with %20 for a space, for every text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => expect(encodeValue(text)).toBe(javaEncode(text))));
  });

  test("leaves letters, digits and * - _ . alone and encodes what encodeURIComponent leaves bare", () => {
    expect(encodeValue("aZ09*-_.")).toBe("aZ09*-_.");
    expect(encodeValue("~!'() +/=&[]é한")).toBe("%7E%21%27%28%29%20%2B%2F%3D%26%5B%5D%C3%A9%ED%95%9C");
  });

  test("takes half a surrogate pair for the replacement character instead of failing", () => {
    expect(encodeValue("a\ud800b")).toBe("a%EF%BF%BDb");
  });
});

describe("the canonical string", () => {
  test("sorts by raw names, so that upper case comes before lower case", () => {
    const mixed: Parameter[] = [["apikey", "1"], ["Zone", "2"], ["apiKey", "3"], ["tags[0].key", "4"], ["tags[10].key", "5"], ["tags[1].key", "6"]];
    expect(canonicalString(mixed)).toBe("zone=2&apikey=3&apikey=1&tags[0].key=4&tags[10].key=5&tags[1].key=6");
  });

  test("does not depend on the order in which parameters were given", () => {
    fc.assert(fc.property(parameters, (given) => expect(canonicalString([...given].reverse())).toBe(canonicalString(given))));
  });
});

describe("signatures", () => {
  // Written out by hand from the documented rules, so that nothing of the code under test takes part.
  const unsigned = "apikey=key&command=listzones&expires=2026-11-23t14%3a10%3a00%2b0000&name=a%20b*%28c%29%7e&response=json&signatureversion=3";
  const given: Parameter[] = [["command", "listZones"], ["name", "a b*(c)~"], ["response", "json"], ["apiKey", "Key"], ["signatureVersion", "3"], ["expires", "2026-11-23T14:10:00+0000"]];

  test.each(["sha256", "sha1"] as const)("are HMAC-%s of the canonical string in base64", (digest) => {
    expect(sign(given, "secret", digest)).toBe(createHmac(digest, "secret").update(unsigned).digest("base64"));
  });

  test("stay what they were: values computed by Python for both digests", () => {
    expect(sign([["command", "listZones"], ["response", "json"], ["apiKey", "abc"]], "xyz", "sha1")).toBe("Yqz7eeKjpLoy3xcmFgJQUHwEcB0=");
    expect(sign([["command", "listZones"], ["response", "json"], ["apiKey", "abc"]], "xyz", "sha256")).toBe("5Er8JaoebLNkRsTMjMor8npHYV9duVcdY9wOMyFBkP0=");
  });

  test("of a body that was received and decoded are the ones the server computes, whatever is in it", () => {
    fc.assert(
      fc.property(parameters, fc.constantFrom("sha256" as const, "sha1" as const), (given, digest) => {
        const own = new Set(["apiKey", "response", "signatureVersion", "expires", "signature"]);
        const body = signedBody(given.filter(([name]) => !own.has(name)), { apiKey, secretKey }, digest, 0);
        const received = decodeForm(body);
        expect(received.get("signature")).toBe(expectedSignature(received, digest));
      }),
    );
  });

  test("a body decodes to what was given", () => {
    const wellFormed = parameters.map((list) => list.map(([name, value]): Parameter => [name, Buffer.from(value).toString()]));
    fc.assert(
      fc.property(wellFormed, (given) => {
        const received = decodeForm(signedBody(given, { apiKey, secretKey }, "sha256", 0));
        for (const [name, value] of given) expect(received.get(name)).toBe(value);
      }),
    );
  });

  test("end ten minutes later, by signatureVersion 3", () => {
    const received = decodeForm(signedBody([["command", "listZones"]], { apiKey, secretKey }, "sha256", Date.parse("2026-11-23T14:00:00.900Z")));
    expect(Object.fromEntries(received)).toMatchObject({ signatureVersion: "3", expires: "2026-11-23T14:10:00+0000", response: "json", apiKey });
  });

  test("times are written as Mold writes them", () => expect(moldTime(Date.parse("2026-01-02T03:04:05.678Z"))).toBe("2026-01-02T03:04:05+0000"));
});
