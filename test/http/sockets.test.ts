import { connect, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "../../src/domain/errors.ts";
import { openDoor, payout, type Door } from "../support/http.ts";

let door: Door;
let port: number;
beforeAll(async () => {
  door = await openDoor();
  await door.app.listen({ host: "127.0.0.1", port: 0 });
  port = (door.app.server.address() as AddressInfo).port;
});
afterAll(() => door.app.close());

/** What the server says to these bytes until it closes the connection. */
function say(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.on("close", () => resolve(answer));
    socket.on("error", () => {});
    socket.write(text);
  });
}

describe("a real socket", () => {
  test("carries a payout like inject does", async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/payouts`, {
      method: "POST",
      headers: { authorization: "Bearer admin", "idempotency-key": "k", "content-type": "application/json" },
      body: JSON.stringify(payout()),
    });
    expect(response.status).toBe(202);
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  });

  test.each([
    ["no HTTP at all", "hello\r\n\r\n"],
    ["a header without a colon", "GET /health HTTP/1.1\r\nhost: x\r\nbroken\r\n\r\n"],
    ["two lengths", "POST /api/v1/payouts HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"],
    [
      "a length and chunks, as for smuggling",
      "POST /api/v1/payouts HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["no Host", "GET /health HTTP/1.1\r\nconnection: close\r\n\r\n"],
    [
      "headers beyond all bounds",
      `GET /health HTTP/1.1\r\nhost: x\r\nx-a: ${"a".repeat(20_000)}\r\n\r\n`,
      431,
      "headers_too_large",
    ],
    [
      "an expectation that nobody knows",
      "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: tea\r\n\r\n",
      417,
      "expectation_failed",
    ],
  ])("with %s is answered with a problem and closed", async (_what, text, status = 400, code = "validation_failed") => {
    const answer = await say(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} \\S`));
    for (const header of ["application/problem+json", "x-request-id: req_", "cache-control: no-store"])
      expect(answer.toLowerCase()).toContain(header);
    const problem = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));
    expect(problem).toMatchObject({ status, code, title: ERRORS[code as ErrorCode].title });
    expect(answer).toContain(problem.request_id);
  });

  test("HTTP/1.0 needs no Host, and a body that waits for 100 Continue is asked for", async () => {
    expect(await say("GET /health/live HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 200/);
    const answer = await say(
      "POST /api/v1/payouts HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    );
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 401/);
  });

  test("a client that sends its request drop by drop is cut off, and others are served meanwhile", async () => {
    const { server } = door.app;
    expect(server.requestTimeout).toBe(15_000);
    expect(server.headersTimeout).toBe(10_000);
    // The bounds as they are would take longer than a test should.
    server.headersTimeout = 200;
    server.requestTimeout = 300;
    const slow = say("GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ");
    const slowBody = say(
      "POST /api/v1/payouts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    for (const answer of await Promise.all([slow, slowBody]))
      expect(answer === "" || /^HTTP\/1.1 408 Request Timeout.*"request_timeout"/s.test(answer), answer).toBe(true);
  });

  test("a body that is announced as too large is refused before it is sent", async () => {
    // Not a byte of the body follows: an answer that waited for it would never come.
    const answer = await say(
      "POST /api/v1/payouts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\nidempotency-key: b\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 1000000\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 413.*body_too_large/s);
  });

  test("a body that is larger than it says is refused", async () => {
    const chunk = `${(600_000).toString(16)}\r\n${" ".repeat(600_000)}\r\n0\r\n\r\n`;
    const answer = await say(
      `POST /api/v1/payouts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer admin\r\nidempotency-key: b\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413.*body_too_large/s);
  });
});
