/**
 * `/admin/devnet/…`: the devnet's handle for tests in other processes.
 *
 * K1. Only this machine may ask: the client's address and the name it calls this host by are both local, so that
 *     neither the network nor a web page can turn the dial.
 * K2. Bad input changes nothing and says which field, with status 400.
 */
import type { Devnet } from "../../handle.ts";
import { isFault } from "../../../domain/errors.ts";
import { type Answer, type Asked, json, type SideDoor } from "../answer.ts";
import { CONTROL_ROUTES } from "./control-routes.ts";
import { BadRequest, type Fields, fieldsOf } from "./fields.ts";

const ROOT = "/admin/devnet";
const LOCAL_NAMES = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?$/i;

/** `devnet` is asked for at each request: the door is open before the handle exists. */
export function controlDoor(devnet: () => Devnet | undefined): SideDoor {
  return {
    owns: (path) => path === ROOT || path.startsWith(`${ROOT}/`),
    answer: async (asked) => {
      if (!isLocal(asked)) return json(403, { code: "forbidden", error: "only this machine may control the devnet" });
      const handle = devnet();
      if (handle === undefined) return json(503, { code: "not_ready", error: "the devnet is starting" });
      return answerTo(asked, handle);
    },
  };
}

async function answerTo(asked: Asked, devnet: Devnet): Promise<Answer> {
  const path = asked.path.slice(ROOT.length);
  const candidates = CONTROL_ROUTES.filter((route) => route.path === path);
  const route = candidates.find(({ method }) => method === asked.method);
  if (candidates.length === 0) {
    const known = [...new Set(CONTROL_ROUTES.map((each) => ROOT + each.path))];
    return json(404, { code: "not_found", error: `no such path; known: ${known.join(" ")}` });
  }
  if (route === undefined) {
    const methods = candidates.map(({ method }) => method).join(" or ");
    return json(405, { code: "method_not_allowed", error: `use ${methods}` });
  }
  try {
    return json(200, await route.handle(fieldsFrom(asked), devnet));
  } catch (error) {
    if (error instanceof BadRequest || error instanceof RangeError) {
      return json(400, { code: "validation_failed", error: error.message, takes: route.takes });
    }
    if (isFault(error)) return json(409, { code: error.code, error: error.message });
    throw error;
  }
}

function fieldsFrom(asked: Asked): Fields {
  if (asked.method === "POST") return fieldsOf(asked.body);
  return Object.fromEntries(new URLSearchParams(asked.url.split("?", 2)[1] ?? ""));
}

function isLocal({ remote, headers }: Asked): boolean {
  const fromHere = remote === "::1" || remote.startsWith("127.") || remote.startsWith("::ffff:127.");
  return fromHere && LOCAL_NAMES.test(headers.host ?? "") && headers.origin === undefined;
}
