/** What a node says when it cannot answer: HTTP 200 and the name of a Java exception (tron.md §2.1). */
export class NodeError extends Error {
  readonly javaClass: string;

  constructor(javaClass: string, message: string) {
    super(message);
    this.name = "NodeError";
    this.javaClass = javaClass;
  }
}

export function errorBody(error: NodeError): { Error: string } {
  return { Error: `class ${error.javaClass} : ${error.message}` };
}

export function parseError(message: string): NodeError {
  return new NodeError("org.tron.core.services.http.JsonFormat$ParseException", message);
}

export function nullPointer(): NodeError {
  return new NodeError("java.lang.NullPointerException", "null");
}
