// The mask as people see it: tinted, with diagonal stripes of two tones, so that it shows on any
// picture and to any eye.
import type { Rect } from "../base/geometry";
import type { Raster } from "./raster";

const kStrong = [38, 82, 214] as const;
const kPale = [222, 232, 255] as const;
const kOpacity = 0.62;

export const paintOverlay = (context: CanvasRenderingContext2D, raster: Raster, rect: Rect): void => {
  const pixels = raster.maskPixels(rect);
  const { data, width, height } = pixels;
  const period = Math.max(8, Math.round(Math.max(raster.size.width, raster.size.height) / 56));
  const band = period * 0.72;
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const i = (y * width + x) * 4;
      const level = data[i] ?? 0;
      if (level === 0) {
        data[i + 3] = 0;
        continue;
      }
      const tone = (rect.x + x + rect.y + y) % period < band ? kStrong : kPale;
      data[i] = tone[0];
      data[i + 1] = tone[1];
      data[i + 2] = tone[2];
      data[i + 3] = level * kOpacity;
    }
  context.putImageData(pixels, rect.x, rect.y);
};
