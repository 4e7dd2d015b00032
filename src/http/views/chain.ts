import type { BlockPlace, ChainStatus } from "../ports.ts";
import { isoTime } from "./time.ts";

export function chainView({ head, solid, lagBlocks, watched, forks, halted, nodes }: ChainStatus) {
  return {
    head: placeView(head),
    solid: placeView(solid),
    lag_blocks: lagBlocks,
    watched,
    forks,
    halted: halted ?? null,
    nodes,
  };
}

function placeView(place: BlockPlace | undefined) {
  return place === undefined ? null : { number: place.number, id: place.id, time: isoTime(place.timestamp) };
}
