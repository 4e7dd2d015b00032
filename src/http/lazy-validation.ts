/**
 * Fastify compiles the schemas of every route when it starts; here each is compiled with the first request that needs
 * it. On a small machine that is a good part of a start, and most endpoints are not used between two starts.
 */
import { AjvCompiler } from "@fastify/ajv-compiler";

type BuildCompiler = ReturnType<typeof AjvCompiler>;
type Compile = ReturnType<BuildCompiler>;
type Check = ReturnType<Compile>;

const buildCompiler = AjvCompiler();

/** For `schemaController.compilersFactory.buildValidator` of a server. */
export function buildLazyValidator(...given: Parameters<BuildCompiler>): Compile {
  const compile = buildCompiler(...given);
  return (route) => lazily(() => compile(route));
}

function lazily(compile: () => Check): Check {
  let check: Check | undefined;
  // oxlint-disable-next-line consistent-type-assertions -- Fastify calls it and reads `errors`; Ajv's own fields are not used
  const lazy = ((data: unknown) => {
    check ??= compile();
    const fits = check(data);
    lazy.errors = check.errors;
    return fits;
  }) as Check;
  return lazy;
}
