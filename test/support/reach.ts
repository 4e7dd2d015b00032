/** Which reachable nodes of a graph have no way to an end. */
export function deadEnds<N>(graph: {
  start: N;
  next: (node: N) => readonly N[];
  key: (node: N) => string;
  isEnd: (node: N) => boolean;
}): { reached: string[]; dead: string[] } {
  const { start, next, key, isEnd } = graph;
  const cameFrom = new Map<string, Set<string>>([[key(start), new Set()]]);
  const ends: string[] = [];
  const open = [start];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isEnd(node)) ends.push(key(node));
    for (const neighbour of next(node)) {
      const name = key(neighbour);
      const known = cameFrom.get(name);
      if (known === undefined) open.push(neighbour);
      cameFrom.set(name, (known ?? new Set()).add(key(node)));
    }
  }
  const alive = new Set(ends);
  for (let name = ends.pop(); name !== undefined; name = ends.pop()) {
    for (const earlier of cameFrom.get(name) ?? []) {
      if (alive.has(earlier)) continue;
      alive.add(earlier);
      ends.push(earlier);
    }
  }
  return { reached: [...cameFrom.keys()], dead: [...cameFrom.keys()].filter((name) => !alive.has(name)) };
}
