// Maps of the same points beside one another: what is selected, sought, pointed at, lit up, turned off or set in one
// is so in all of them, here and at once; the first of them tells the server.

import { shared } from "./points.js";

const groupOf = ({ data }) => data?.beside || data?.key;

export function othersOf(map) {
  const group = groupOf(map);
  const beside = (other) => other !== map && groupOf(other) === group && other.points && other.points.key === map.points?.key;
  return group ? Array.from(shared.maps).filter(beside) : [];
}

export const allOf = (map) => [map, ...othersOf(map)];
export const firstOf = (map) => allOf(map).find(({ data }) => !data.beside) ?? map;
