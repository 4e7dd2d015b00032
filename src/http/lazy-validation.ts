/**
 * Fastify compiles the schemas of every route when it starts; here each is compiled with the first request that needs
 * it. On a small machine that is a good part of a start, and most endpoints are not used between two starts.
 *
 * A check ends at the first wrong field. Only what does not fit, and is no larger than an honest request, is checked
 * again to its end: half a megabyte of nothing but mistakes would make hundreds of thousands of them, while everybody waits.
 */
import { AjvCompiler } from "@fastify/ajv-compiler";
import { FIELD_ERRORS_MAX, WHOLE_CHECK_VALUES_MAX } from "./bounds.ts";

type BuildCompiler = ReturnType<typeof AjvCompiler>;
type Compile = ReturnType<BuildCompiler>;
type Check = ReturnType<Compile>;

const buildCompiler = AjvCompiler();

/** For `schemaController.compilersFactory.buildValidator` of a server. */
export function buildLazyValidator(...[schemas, options]: Parameters<BuildCompiler>): Compile {
  const compilerOf = (allErrors: boolean) =>
    buildCompiler(schemas, Object.assign({}, options, { customOptions: { ...options?.customOptions, allErrors } }));
  return (route) => {
    const first = lazily(() => compilerOf(false)(route));
    const all = lazily(() => compilerOf(true)(route));
    return validatorOf((data) => {
      const errors = first(data);
      return errors === undefined || !isSmall(data) ? errors : (all(data) ?? errors);
    });
  };
}

type Errors = NonNullable<Check["errors"]>;
type Find = (data: unknown) => Errors | undefined;

/** `undefined`: it fits. */
function lazily(compile: () => Check): Find {
  let check: Check | undefined;
  return (data) => {
    check ??= compile();
    return check(data) === true ? undefined : (check.errors ?? []).slice(0, FIELD_ERRORS_MAX);
  };
}

function validatorOf(find: Find): Check {
  // oxlint-disable-next-line consistent-type-assertions -- Fastify calls it and reads `errors`; Ajv's own fields are not used
  const validator = ((data: unknown) => {
    const errors = find(data);
    validator.errors = errors ?? null;
    return errors === undefined;
  }) as Check;
  return validator;
}

/** Looks at no more values than it may hold. */
function isSmall(data: unknown): boolean {
  const open = [data];
  for (let seen = 1; seen <= WHOLE_CHECK_VALUES_MAX;) {
    const value = open.pop();
    if (value === undefined && open.length === 0) return true;
    if (typeof value !== "object" || value === null) continue;
    const inner: unknown[] = Array.isArray(value) ? value : Object.values(value);
    seen += inner.length;
    if (seen <= WHOLE_CHECK_VALUES_MAX) open.push(...inner);
  }
  return false;
}
