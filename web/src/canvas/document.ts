// The list of operations on one picture and a cursor in it: undo and redo move the cursor, the next
// edit cuts what lies behind it. Undo is unlimited; a step costs what its operation does.
import type { Op } from "./ops";

export interface DocumentContent {
  readonly version: 1;
  readonly width: number;
  readonly height: number;
  readonly ops: readonly Op[];
  readonly cursor: number;
}

export class CanvasDocument {
  private ops: Op[] = [];
  private at = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly width: number,
    readonly height: number,
    content?: DocumentContent,
  ) {
    if (content && content.version === 1 && content.width === width && content.height === height) {
      this.ops = [...content.ops];
      this.at = Math.min(Math.max(0, content.cursor), this.ops.length);
    }
  }

  // The operations in force.
  get applied(): readonly Op[] {
    return this.ops.slice(0, this.at);
  }
  get cursor(): number {
    return this.at;
  }
  get canUndo(): boolean {
    return this.at > 0;
  }
  get canRedo(): boolean {
    return this.at < this.ops.length;
  }

  push(op: Op): void {
    this.ops = [...this.ops.slice(0, this.at), op];
    this.at = this.ops.length;
    this.tell();
  }

  undo(): void {
    if (!this.canUndo) return;
    this.at -= 1;
    this.tell();
  }

  redo(): void {
    if (!this.canRedo) return;
    this.at += 1;
    this.tell();
  }

  content(): DocumentContent {
    return { version: 1, width: this.width, height: this.height, ops: this.ops, cursor: this.at };
  }

  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
