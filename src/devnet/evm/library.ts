/** The types of the library's interpreter that its front door does not name. */
import type { EVMOpts, getOpcodesForHF } from "@ethereumjs/evm";

type CustomOpcode = NonNullable<EVMOpts["customOpcodes"]>[number];
type OpHandler = Extract<CustomOpcode, { logicFunction: unknown }>["logicFunction"];

export type RunState = Parameters<OpHandler>[0];
export type OperationMap = ReturnType<typeof getOpcodesForHF>["opcodeMap"];
export type OperationEntry = OperationMap[number];
