// Arithmetic on 8-bit grey pictures, row by row: what a canvas cannot do by itself.
// Grow and shrink: maximum and minimum over a square, in one pass of van Herk (1992) along each
// axis, so that the radius costs nothing. Feather: three box blurs, near enough to a Gaussian.

export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

export const greyOf = (width: number, height: number): Grey => ({ width, height, data: new Uint8ClampedArray(width * height) });

// `pick` is Math.max or Math.min; beyond the ends lies what it never picks.
const extremeAlong = (line: Uint8ClampedArray, radius: number, pick: (a: number, b: number) => number): Uint8ClampedArray => {
  const window = 2 * radius + 1;
  const length = line.length + 2 * radius;
  const padded = new Uint8ClampedArray(length).fill(pick(0, 1) === 1 ? 0 : 255);
  padded.set(line, radius);
  const forward = new Uint8ClampedArray(length);
  const backward = new Uint8ClampedArray(length);
  for (let i = 0; i < length; i += 1)
    forward[i] = i % window === 0 ? (padded[i] ?? 0) : pick(forward[i - 1] ?? 0, padded[i] ?? 0);
  for (let i = length - 1; i >= 0; i -= 1)
    backward[i] = i === length - 1 || (i + 1) % window === 0 ? (padded[i] ?? 0) : pick(backward[i + 1] ?? 0, padded[i] ?? 0);
  const out = new Uint8ClampedArray(line.length);
  for (let i = 0; i < line.length; i += 1) out[i] = pick(backward[i] ?? 0, forward[i + 2 * radius] ?? 0);
  return out;
};

const blurAlong = (line: Uint8ClampedArray, radius: number): Uint8ClampedArray => {
  const length = line.length;
  const out = new Uint8ClampedArray(length);
  const at = (i: number): number => line[Math.min(length - 1, Math.max(0, i))] ?? 0;
  let sum = 0;
  for (let i = -radius; i <= radius; i += 1) sum += at(i);
  for (let i = 0; i < length; i += 1) {
    out[i] = sum / (2 * radius + 1);
    sum += at(i + radius + 1) - at(i - radius);
  }
  return out;
};

const eachLine = (grey: Grey, change: (line: Uint8ClampedArray) => Uint8ClampedArray): Grey => {
  const { width, height } = grey;
  const out = greyOf(width, height);
  for (let y = 0; y < height; y += 1) out.data.set(change(grey.data.subarray(y * width, (y + 1) * width)), y * width);
  const column = new Uint8ClampedArray(height);
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) column[y] = out.data[y * width + x] ?? 0;
    const changed = change(column);
    for (let y = 0; y < height; y += 1) out.data[y * width + x] = changed[y] ?? 0;
  }
  return out;
};

// by > 0 widens the white part by so many pixels, by < 0 narrows it.
export const grow = (grey: Grey, by: number): Grey => {
  const radius = Math.abs(Math.round(by));
  if (radius === 0) return grey;
  return eachLine(grey, (line) => extremeAlong(line, radius, by > 0 ? Math.max : Math.min));
};

export const feather = (grey: Grey, by: number): Grey => {
  const radius = Math.max(1, Math.round(by / 2));
  let out = grey;
  for (let pass = 0; pass < 3; pass += 1) out = eachLine(out, (line) => blurAlong(line, radius));
  return out;
};

// The smallest rectangle that holds every pixel above `threshold`; null when there is none.
export const boundsOf = (grey: Grey, threshold = 8): { x: number; y: number; width: number; height: number } | null => {
  let left = grey.width;
  let right = -1;
  let top = -1;
  let bottom = -1;
  for (let y = 0; y < grey.height; y += 1)
    for (let x = 0; x < grey.width; x += 1) {
      if ((grey.data[y * grey.width + x] ?? 0) <= threshold) continue;
      if (top < 0) top = y;
      bottom = y;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  return top < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
};
