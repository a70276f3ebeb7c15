// Folds the operations of a document into pixels: a grey mask and a coloured sketch, at most
// 2048 px a side whatever the picture's size. A copy is kept every 16 operations, so that undo
// repeats a few strokes, never all of them.
import type { Rect, Size } from "../base/geometry";
import { fitInside, pixelsInside, union } from "../base/geometry";
import type { Grey } from "./grey";
import { boundsOf, feather, greyOf, grow } from "./grey";
import type { Op } from "./ops";
import { layInk, layStamps, stampsAlong, tracksBounds } from "./stamp";

const kLongestPx = 2048;
const kKeyframeEvery = 16;
const kKeyframes = 4;

type Stroke = Op & { type: "stroke" | "ink" };

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

const isSame = (a: Op | undefined, b: Stroke): boolean =>
  (a?.type === "stroke" || a?.type === "ink") && a.type === b.type && a.mode === b.mode && a.size === b.size && a.softness === b.softness && a.track.length === b.track.length &&
  (a.type !== "ink" || b.type !== "ink" || a.colour === b.colour) && a.track.every((value, i) => value === b.track[i]);

const asTrack = (corners: readonly number[], scale: number): number[] => {
  const track: number[] = [];
  for (let i = 0; i + 1 < corners.length; i += 2) track.push((corners[i] ?? 0) * scale, (corners[i + 1] ?? 0) * scale, 1);
  return track;
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
  // The stroke being drawn: what the canvases already show of the operation that will follow.
  private drafted: Stroke | null = null;
  // Where the mask is, in pixels here; undefined: not known.
  private box: Rect | null | undefined = null;
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
    const drafted = this.drafted;
    this.drafted = null;
    const kept = drafted !== null && ops.length === this.done.length + 1 && isSame(ops.at(-1), drafted);
    // A draft that came to nothing is taken off again, as if it were an operation undone.
    if (drafted && !kept) this.done = [...this.done, drafted];
    let same = 0;
    while (same < this.done.length && same < ops.length && this.done[same] === ops[same]) same += 1;
    if (same === this.done.length && same === ops.length && same > 0) return null;
    if (same < this.done.length) {
      this.keyframes = this.keyframes.filter((frame) => frame.count <= same);
      const frame = this.keyframes.at(-1);
      if (frame) {
        this.maskContext.putImageData(frame.mask, 0, 0);
        this.box = undefined;
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
    for (let i = same; i < ops.length; i += 1) dirty = union(dirty, this.apply(ops[i], i + 1, kept) ?? this.whole);
    this.done = ops;
    return dirty ?? this.whole;
  }

  // A stroke that is still being drawn goes straight onto the canvas, from its point `fromPoint` on.
  // The operation that follows, when it is the same, is drawn already.
  draft(op: Stroke, fromPoint: number): Rect | null {
    this.drafted = op;
    return this.lay(op, op.track.slice(Math.max(0, fromPoint - 1) * 3));
  }

  // Forgets what `draft` drew.
  discardDraft(): void {
    this.show(this.done);
  }

  private lay(op: Stroke, track: readonly number[]): Rect | null {
    const scaled = track.map((value, i) => (i % 3 === 2 ? value : value * this.scale));
    const size = Math.max(1, op.size * this.scale);
    const stamps = stampsAlong(scaled, size);
    if (op.type === "stroke") layStamps(this.maskContext, stamps, op.softness, op.mode);
    else layInk(this.inkContext, stamps, op.softness, op.mode, op.colour);
    const dirty = this.reached(op, track);
    if (op.type === "stroke" && op.mode === "erase") this.box = undefined;
    else if (op.type === "stroke") this.widen(dirty);
    return dirty;
  }

  private reached(op: Stroke, track: readonly number[]): Rect | null {
    const scaled = track.map((value, i) => (i % 3 === 2 ? value : value * this.scale));
    const bounds = tracksBounds(scaled, Math.max(1, op.size * this.scale));
    return bounds && pixelsInside(bounds, this.size);
  }

  // Something was painted inside `rect`: only there the bounds can have grown.
  private widen(rect: Rect | null): void {
    if (this.box === undefined || !rect || rect.width <= 0 || rect.height <= 0) return;
    const found = boundsOf(this.grey(rect));
    if (found) this.box = union(this.box, { ...found, x: found.x + rect.x, y: found.y + rect.y });
  }

  // `drawn`: the canvases show it already.
  private apply(op: Op | undefined, count: number, drawn = false): Rect | null {
    const dirty = !op ? null : drawn && (op.type === "stroke" || op.type === "ink") ? this.reached(op, op.track) : this.draw(op);
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
        const bounds = tracksBounds(asTrack(op.corners, this.scale), 2);
        const dirty = bounds && pixelsInside(bounds, this.size);
        if (op.mode === "erase") this.box = undefined;
        else this.widen(dirty);
        return dirty ?? this.whole;
      }
      case "fill":
        context.fillStyle = "#fff";
        context.fillRect(0, 0, width, height);
        this.box = this.whole;
        return this.whole;
      case "clear":
        this.clearMask();
        return this.whole;
      case "invert":
        context.globalCompositeOperation = "difference";
        context.fillStyle = "#fff";
        context.fillRect(0, 0, width, height);
        context.globalCompositeOperation = "source-over";
        this.box = undefined;
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
        this.box = undefined;
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
    this.box = null;
  }

  maskPixels(rect: Rect): ImageData {
    return this.maskContext.getImageData(rect.x, rect.y, rect.width, rect.height);
  }
  inkPixels(rect: Rect): ImageData {
    return this.inkContext.getImageData(rect.x, rect.y, rect.width, rect.height);
  }

  grey(rect = this.whole): Grey {
    const pixels = this.maskPixels(rect).data;
    const out = greyOf(rect.width, rect.height);
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
    this.box = undefined;
  }

  // Where the mask is, in pixels of the picture; null when it is empty.
  bounds(): Rect | null {
    if (this.box === undefined) this.box = boundsOf(this.grey());
    const box = this.box;
    return box && { x: box.x / this.scale, y: box.y / this.scale, width: box.width / this.scale, height: box.height / this.scale };
  }
}
