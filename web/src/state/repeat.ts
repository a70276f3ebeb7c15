// Whether a picture that was made again is the same, and which settings differed when it is not.
import type { Picture } from "../api/types";

const kPixels = "Pixels SHA-256";

// Null: the same, to the last bit.
export const differing = (first: Pick<Picture, "parameters">, second: Pick<Picture, "parameters">): readonly string[] | null => {
  const [then, now] = [first.parameters, second.parameters];
  if (then[kPixels] !== undefined && then[kPixels] === now[kPixels]) return null;
  return [...new Set([...Object.keys(then), ...Object.keys(now)])].filter((name) => name !== kPixels && then[name] !== now[name]);
};
