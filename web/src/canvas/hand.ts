// What belongs to the hand, drawn in pixels of the screen: the brush's ring, outlines of shapes, the
// region that the model will see, and a loupe beside a finger that hides what it paints.
import type { Point, Rect, Size } from "../base/geometry";
import { pixelsInside } from "../base/geometry";
import type { Outline } from "./tools/tool";
import { toScreen, type View } from "./view";

export interface Hand {
  readonly box: Size;
  readonly view: View;
  readonly outline: Outline | null;
  readonly ring: { at: Point; size: number } | null;
  readonly cross: Point | null;
  readonly region: Rect | null;
  readonly loupe: { at: Point; image: Layer; layers: readonly Layer[]; picture: Size } | null;
}

const kLoupePx = 116;

type Context = CanvasRenderingContext2D;

// A dark line inside a light one shows on everything.
const strokeTwice = (context: Context, dash: number[] = []): void => {
  context.lineWidth = 3;
  context.setLineDash([]);
  context.strokeStyle = "rgb(255 255 255 / 85%)";
  context.stroke();
  context.lineWidth = 1.5;
  context.setLineDash(dash);
  context.strokeStyle = "#1c2f6e";
  context.stroke();
  context.setLineDash([]);
};

type Layer = HTMLImageElement | HTMLCanvasElement;
const sizeOf = (layer: Layer): Size =>
  layer instanceof HTMLImageElement ? { width: layer.naturalWidth, height: layer.naturalHeight } : { width: layer.width, height: layer.height };

const drawLoupe = (context: Context, hand: Hand): void => {
  const { loupe, view, box } = hand;
  if (!loupe) return;
  const radius = kLoupePx / 2;
  // Above the finger; below it near the top edge; never outside.
  const above = loupe.at.y - radius - 60;
  const centre = {
    x: Math.min(box.width - radius - 4, Math.max(radius + 4, loupe.at.x)),
    y: above > radius + 4 ? above : Math.min(box.height - radius - 4, loupe.at.y + radius + 60),
  };
  const scale = view.scale * 2;
  const at = { x: (loupe.at.x - view.x) / view.scale, y: (loupe.at.y - view.y) / view.scale };
  context.save();
  context.beginPath();
  context.arc(centre.x, centre.y, radius, 0, Math.PI * 2);
  context.clip();
  context.fillStyle = "#999";
  context.fillRect(centre.x - radius, centre.y - radius, kLoupePx, kLoupePx);
  context.translate(centre.x - at.x * scale, centre.y - at.y * scale);
  // Only the piece that shows: a photograph is large.
  const { width, height } = loupe.picture;
  const reach = radius / scale + 1;
  const piece = pixelsInside({ x: at.x - reach, y: at.y - reach, width: 2 * reach, height: 2 * reach }, loupe.picture);
  if (piece)
    for (const layer of [loupe.image, ...loupe.layers]) {
      const across = sizeOf(layer).width / width;
      const down = sizeOf(layer).height / height;
      context.drawImage(layer, piece.x * across, piece.y * down, piece.width * across, piece.height * down,
        piece.x * scale, piece.y * scale, piece.width * scale, piece.height * scale);
    }
  context.restore();
  context.beginPath();
  context.arc(centre.x, centre.y, radius, 0, Math.PI * 2);
  strokeTwice(context);
  context.fillStyle = "#1c2f6e";
  context.fillRect(centre.x - 1, centre.y - 6, 2, 12);
  context.fillRect(centre.x - 6, centre.y - 1, 12, 2);
};

export const drawHand = (canvas: HTMLCanvasElement, hand: Hand): void => {
  const { box, view } = hand;
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(box.width * ratio);
  const height = Math.round(box.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, box.width, box.height);
  if (hand.region) {
    const a = toScreen(view, hand.region);
    context.beginPath();
    context.rect(a.x, a.y, hand.region.width * view.scale, hand.region.height * view.scale);
    strokeTwice(context, [7, 5]);
  }
  if (hand.outline) {
    context.beginPath();
    for (const point of hand.outline.points) {
      const at = toScreen(view, point);
      context.lineTo(at.x, at.y);
    }
    if (hand.outline.closed) context.closePath();
    strokeTwice(context, [5, 4]);
    if (!hand.outline.closed)
      for (const point of hand.outline.points) {
        const at = toScreen(view, point);
        context.beginPath();
        context.arc(at.x, at.y, 5, 0, Math.PI * 2);
        context.fillStyle = "#fff";
        context.fill();
        strokeTwice(context);
      }
  }
  if (hand.ring && !hand.loupe) {
    const at = toScreen(view, hand.ring.at);
    context.beginPath();
    context.arc(at.x, at.y, Math.max(2, (hand.ring.size / 2) * view.scale), 0, Math.PI * 2);
    strokeTwice(context);
  }
  if (hand.cross) {
    context.beginPath();
    context.moveTo(hand.cross.x - 10, hand.cross.y);
    context.lineTo(hand.cross.x + 10, hand.cross.y);
    context.moveTo(hand.cross.x, hand.cross.y - 10);
    context.lineTo(hand.cross.x, hand.cross.y + 10);
    strokeTwice(context);
  }
  drawLoupe(context, hand);
};
