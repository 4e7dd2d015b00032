import { expect, test } from "vitest";
import { EXIT, readOptions } from "../../src/cli/demo-options.ts";

test.each(["--url", "--node"])("%s takes no password, and does not repeat it", (name) => {
  for (const text of ["http://user:secret@host", "http://secret@host", "http://:secret@host"]) {
    expect(() => readOptions([name, text])).toThrow(
      expect.objectContaining({
        exitCode: EXIT.usage,
        message: expect.stringMatching(new RegExp(`^${name} takes no (?![^]*secret)[^]*usage: npm run demo`)),
      }),
    );
  }
  expect(() => readOptions([name, "http://host:8090/path"])).not.toThrow();
});
