/** Whom the demo pays in tests: three people in four lines. */
export const ANN = "TXU2vrGbArDW52qJ1PP85s1UbdNB2hAGw8";
export const BOB = "TWHkuexVpXXisbFXgv1BxFxrdUriSHaokX";
export const CLEO = "TU2JkhtaTchXLUoiUzahzbzEQW7c2Zpxev";
export const LINES = [`a,${ANN},10`, `b,${BOB},20.5`, `c,${CLEO},30.000001`, `a-again,${ANN},11`];
