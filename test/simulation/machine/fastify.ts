/** Stands where `fastify` is for the program: the real one without a socket. Clients come in through `inject`. */
import RealFastify, { type FastifyInstance, type FastifySchemaCompiler, type FastifyServerOptions } from "fastify";

type Compile = FastifySchemaCompiler<unknown>;

/** What the first server compiled its schemas with, and what it made of them: they are the same at every start. */
const shared: { compile: Compile | undefined; readonly validators: Map<string, ReturnType<Compile>> } = {
  compile: undefined,
  validators: new Map(),
};

// oxlint-disable-next-line import/no-default-export -- the package exports it so
export default function Fastify(options: FastifyServerOptions): FastifyInstance {
  const app = RealFastify(options);
  const { compile } = shared;
  if (compile !== undefined) app.setValidatorCompiler((route) => known(compile, route));
  Reflect.set(app, "listen", async () => {
    await app.ready();
    shared.compile ??= app.validatorCompiler;
    return "http://engine";
  });
  return app;
}

function known(compile: Compile, route: Parameters<Compile>[0]): ReturnType<Compile> {
  const key = JSON.stringify(route.schema);
  const validator = shared.validators.get(key) ?? compile(route);
  shared.validators.set(key, validator);
  return validator;
}
