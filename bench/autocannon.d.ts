/** The part of autocannon that the intake bench uses; the package ships no types. */
declare module "autocannon" {
  type Result = {
    readonly "2xx": number;
    readonly duration: number;
    readonly non2xx: number;
    readonly errors: number;
    readonly latency: { readonly p50: number; readonly p99: number };
  };
  type Request = { readonly headers?: Record<string, string> };
  type Options = {
    readonly url: string;
    readonly method: "POST";
    readonly connections: number;
    readonly duration: number;
    readonly body: string;
    readonly requests: readonly { readonly setupRequest: (request: Request) => Request }[];
  };
  export default function autocannon(options: Options): Promise<Result>;
}
