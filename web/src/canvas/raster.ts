// Folds the operations of a document into pixels: a grey mask and a coloured sketch, at most
// 2048 px a side whatever the picture's size. A copy is kept every 16 operations, so that undo
// repeats a few strokes, never all of them.
import type { Rect, Size } from "../base/geometry";
import { fitInside, pixelsInside } from "../base/geometry";
import type { Grey } from "./grey";
import { boundsOf, feather, greyOf, grow } from "./grey";
import type { Op } from "./ops";
import { layInk, layStamps, stampsAlong, tracksBounds } from "./stamp";

const kLongestPx = 2048;
const kKeyframeEvery = 16;
const kKeyframes = 4;

interface Keyframe {
  readonly count: number;
  readonly mask: ImageData;
  readonly ink: ImageData;
}

const canvasOf = (size: Size): [HTMLCanvasElement, CanvasRenderingContext2D] => {
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser offers no 2D canvas");
  return [canvas, context];
};

export class Raster {
  readonly size: Size;
  readonly scale: number; // pixels here for one of the picture
  readonly mask: HTMLCanvasElement;
  readonly ink: HTMLCanvasElement;
  private readonly maskContext: CanvasRenderingContext2D;
  private readonly inkContext: CanvasRenderingContext2D;
  private done: readonly Op[] = [];
  private keyframes: Keyframe[] = [];
  // Pictures that came as masks, by hash, once they have loaded.
  private readonly imported = new Map<string, CanvasImageSource>();

  constructor(picture: Size) {
    this.size = fitInside(picture, { width: kLongestPx, height: kLongestPx });
    this.scale = this.size.width / picture.width;
    [this.mask, this.maskContext] = canvasOf(this.size);
    [this.ink, this.inkContext] = canvasOf(this.size);
    this.clearMask();
  }

  get whole(): Rect {
    return { x: 0, y: 0, ...this.size };
  }

  know(input: string, picture: CanvasImageSource): void {
    this.imported.set(input, picture);
    // What was folded without it is folded anew.
    this.keyframes = [];
    this.done = [];
    this.clearMask();
    this.inkContext.clearRect(0, 0, this.size.width, this.size.height);
  }
  knows(input: string): boolean {
    return this.imported.has(input);
  }

  // Makes the canvases show `ops`; answers what changed, in pixels here (null: nothing).
  show(ops: readonly Op[]): Rect | null {
    let same = 0;
    while (same < this.done.length && same < ops.length && this.done[same] === ops[same]) same += 1;
    if (same === this.done.length && same === ops.length && same > 0) return null;
    if (same < this.done.length) {
      this.keyframes = this.keyframes.filter((frame) => frame.count <= same);
      const frame = this.keyframes.at(-1);
      if (frame) {
        this.maskContext.putImageData(frame.mask, 0, 0);
        this.inkContext.putImageData(frame.ink, 0, 0);
      } else {
        this.clearMask();
        this.inkContext.clearRect(0, 0, this.size.width, this.size.height);
      }
      for (let i = frame?.count ?? 0; i < ops.length; i += 1) this.apply(ops[i], i + 1);
      this.done = ops;
      return this.whole;
    }
    let dirty: Rect | null = this.done.length === 0 && ops.length !== 1 ? this.whole : null;
    for (let i = same; i < ops.length; i += 1) {
      const changed = this.apply(ops[i], i + 1);
      dirty = dirty && changed ? this.whole : (changed ?? dirty);
    }
    this.done = ops;
    return dirty ?? this.whole;
  }

  // A stroke that is still being drawn goes straight onto the canvas. The operation that follows
  // draws the same again: harmless on the mask, where maximum and minimum change nothing twice; on
  // the sketch the draft is discarded first.
  draft(op: Op & { type: "stroke" | "ink" }, fromPoint: number): Rect | null {
    return this.lay(op, op.track.slice(Math.max(0, fromPoint - 1) * 3));
  }

  // Forgets what `draft` drew.
  discardDraft(): void {
    const ops = this.done;
    this.done = [...ops, { type: "clear" }];
    this.show(ops);
  }

  private lay(op: Op & { type: "stroke" | "ink" }, track: readonly number[]): Rect | null {
    const scaled = track.map((value, i) => (i % 3 === 2 ? value : value * this.scale));
    const size = Math.max(1, op.size * this.scale);
    const stamps = stampsAlong(scaled, size);
    if (op.type === "stroke") layStamps(this.maskContext, stamps, op.softness, op.mode);
    else layInk(this.inkContext, stamps, op.softness, op.mode, op.colour);
    const bounds = tracksBounds(scaled, size);
    return bounds && pixelsInside(bounds, this.size);
  }

  private apply(op: Op | undefined, count: number): Rect | null {
    const dirty = op ? this.draw(op) : null;
    if (count % kKeyframeEvery === 0) {
      const { width, height } = this.size;
      this.keyframes.push({
        count,
        mask: this.maskContext.getImageData(0, 0, width, height),
        ink: this.inkContext.getImageData(0, 0, width, height),
      });
      if (this.keyframes.length > kKeyframes) this.keyframes.shift();
    }
    return dirty;
  }

  private draw(op: Op): Rect | null {
    const { width, height } = this.size;
    const context = this.maskContext;
    switch (op.type) {
      case "stroke":
      case "ink":
        return this.lay(op, op.track);
      case "area": {
        context.fillStyle = op.mode === "paint" ? "#fff" : "#000";
        context.beginPath();
        for (let i = 0; i + 1 < op.corners.length; i += 2)
          context.lineTo((op.corners[i] ?? 0) * this.scale, (op.corners[i + 1] ?? 0) * this.scale);
        context.closePath();
        context.fill();
        return this.whole;
      }
      case "fill":
        context.fillStyle = "#fff";
        context.fillRect(0, 0, width, height);
        return this.whole;
      case "clear":
        this.clearMask();
        return this.whole;
      case "invert":
        context.globalCompositeOperation = "difference";
        context.fillStyle = "#fff";
        context.fillRect(0, 0, width, height);
        context.globalCompositeOperation = "source-over";
        return this.whole;
      case "grow":
        this.writeGrey(grow(this.grey(), op.by * this.scale));
        return this.whole;
      case "feather":
        this.writeGrey(feather(this.grey(), op.by * this.scale));
        return this.whole;
      case "import": {
        const picture = this.imported.get(op.input);
        if (picture) context.drawImage(picture, 0, 0, width, height);
        return this.whole;
      }
      case "clear-ink":
        this.inkContext.clearRect(0, 0, width, height);
        return this.whole;
      default: {
        const never: never = op;
        return never;
      }
    }
  }

  private clearMask(): void {
    this.maskContext.fillStyle = "#000";
    this.maskContext.fillRect(0, 0, this.size.width, this.size.height);
  }

  maskPixels(rect: Rect): ImageData {
    return this.maskContext.getImageData(rect.x, rect.y, rect.width, rect.height);
  }

  grey(): Grey {
    const pixels = this.maskPixels(this.whole).data;
    const out = greyOf(this.size.width, this.size.height);
    for (let i = 0; i < out.data.length; i += 1) out.data[i] = pixels[i * 4] ?? 0;
    return out;
  }

  private writeGrey(grey: Grey): void {
    const image = new ImageData(grey.width, grey.height);
    for (let i = 0; i < grey.data.length; i += 1) {
      const level = grey.data[i] ?? 0;
      image.data[i * 4] = level;
      image.data[i * 4 + 1] = level;
      image.data[i * 4 + 2] = level;
      image.data[i * 4 + 3] = 255;
    }
    this.maskContext.putImageData(image, 0, 0);
  }

  // Where the mask is, in pixels of the picture; null when it is empty.
  bounds(): Rect | null {
    const box = boundsOf(this.grey());
    return box && { x: box.x / this.scale, y: box.y / this.scale, width: box.width / this.scale, height: box.height / this.scale };
  }
}
