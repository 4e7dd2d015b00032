/** Stands where `fastify` is for the program: the real one without a socket. Clients come in through `inject`. */
import RealFastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";

// oxlint-disable-next-line import/no-default-export -- the package exports it so
export default function Fastify(options: FastifyServerOptions): FastifyInstance {
  const app = RealFastify(options);
  Reflect.set(app, "listen", async () => {
    await app.ready();
    return "http://engine";
  });
  return app;
}
