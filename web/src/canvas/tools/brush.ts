import { distance } from "../../base/geometry";
import type { Touch } from "../gesture";
import type { Mode, Op } from "../ops";
import { round } from "../ops";
import type { Outline, Tool, ToolHost } from "./tool";

export interface BrushSettings {
  readonly layer: "mask" | "sketch";
  readonly mode: Mode;
  readonly size: number;
  readonly softness: number;
  readonly colour: string;
}

type Stroke = Op & { type: "stroke" | "ink" };

// A pen pressed lightly paints at a third of the size; mouse and finger have no pressure.
const pressureOf = (at: Touch): number => (at.kind === "pen" ? 0.3 + 0.7 * at.pressure : 1);

export class Brush implements Tool {
  readonly outline: Outline | null = null;
  private track: number[] = [];
  // As they were when the stroke began.
  private held: BrushSettings;

  constructor(
    private readonly host: ToolHost,
    private readonly settings: () => BrushSettings,
  ) {
    this.held = settings();
  }

  down(at: Touch): void {
    this.held = this.settings();
    this.track = [];
    this.add(at);
    this.host.draft(this.stroke(), 0);
  }

  move(along: readonly Touch[]): void {
    if (this.track.length === 0) return;
    const shown = this.track.length / 3;
    for (const at of along) this.add(at);
    if (this.track.length / 3 > shown) this.host.draft(this.stroke(), shown);
  }

  up(): void {
    if (this.track.length === 0) return;
    const stroke = this.stroke();
    this.track = [];
    this.host.push(stroke);
  }

  cancel(): void {
    if (this.track.length === 0) return;
    this.track = [];
    this.host.discardDraft();
  }

  private add(at: Touch): void {
    const n = this.track.length;
    if (n >= 3 && distance({ x: this.track[n - 3] ?? 0, y: this.track[n - 2] ?? 0 }, at) < 0.5) return;
    this.track.push(round(at.x), round(at.y), Math.round(pressureOf(at) * 100) / 100);
  }

  private stroke(): Stroke {
    const { layer, mode, size, softness, colour } = this.held;
    const track = [...this.track];
    return layer === "mask" ? { type: "stroke", mode, size, softness, track } : { type: "ink", mode, colour, size, softness, track };
  }
}
