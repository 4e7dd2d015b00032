/**
 * One request for every endpoint that /openapi.json documents, made from the document itself: an endpoint that is new
 * tomorrow is asked too, and a parameter or a field that nobody taught this file fails with what to add.
 */
export type Asked = {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly isStream: boolean;
  readonly isPublic: boolean;
  readonly takesKey: boolean;
  readonly body: Record<string, unknown> | undefined;
};
/** What stands for a parameter of a path or query, or a field of a body, by its name. */
export type Words = Readonly<Record<string, unknown>>;

type Schema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly minProperties?: number;
};
type Operation = {
  readonly "x-scope": string;
  readonly parameters?: readonly { name: string; in: string; required?: boolean }[];
  readonly requestBody?: { content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, unknown>> }>>;
};
export type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

/** `reading` and `writing`: the words of requests that only look, and of those that change something. */
export function everyEndpoint(document: Document, words: { reading: Words; writing: Words }): Asked[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, operation]) => {
      const method = verb.toUpperCase();
      const name = `${method} ${path}`;
      return {
        name,
        method,
        ...requestOf({ name, path, operation }, method === "GET" ? words.reading : words.writing),
      };
    }),
  );
}

function requestOf({ name, path, operation }: { name: string; path: string; operation: Operation }, words: Words) {
  const { parameters = [], requestBody, responses } = operation;
  const query = parameters.filter((parameter) => parameter.in === "query" && parameter.required === true);
  const asked = query.map((parameter) => `${parameter.name}=${String(wordFor(parameter.name, words, name))}`).join("&");
  const place = path.replace(/\{([a-z_]+)\}/g, (_, parameter: string) => String(wordFor(parameter, words, name)));
  const schema = requestBody?.content["application/json"]?.schema;
  return {
    path: asked === "" ? place : `${place}?${asked}`,
    isStream: responses["200"]?.content?.["text/event-stream"] !== undefined,
    isPublic: operation["x-scope"] === "public",
    takesKey: parameters.some((parameter) => parameter.in === "header" && parameter.name === "Idempotency-Key"),
    body: schema === undefined ? undefined : objectOf(schema, words, name),
  };
}

/** Every required field, or the first one where none is required. */
function objectOf(schema: Schema, words: Words, name: string): Record<string, unknown> {
  const { properties = {}, required = [] } = schema.anyOf?.[0] ?? schema;
  const first = Object.keys(properties).slice(0, 1);
  const fields = required.length > 0 ? required : first;
  return Object.fromEntries(fields.map((field) => [field, valueOf(field, properties[field] ?? {}, { words, name })]));
}

function valueOf(field: string, schema: Schema, given: { words: Words; name: string }): unknown {
  if (field in given.words) return given.words[field];
  const [choice] = schema.anyOf ?? [];
  if (choice?.enum !== undefined) return choice.enum[0];
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === "array" && schema.items?.type === "object")
    return [objectOf(schema.items, given.words, given.name)];
  if (schema.type === "object") return objectOf(schema, given.words, given.name);
  return wordFor(field, given.words, given.name);
}

function wordFor(field: string, words: Words, name: string): unknown {
  if (!(field in words)) throw new Error(`${name} needs "${field}": add what stands for it to the words of this test`);
  return words[field];
}
