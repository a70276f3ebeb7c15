// Fingers, pens and mice become verbs: down, move, up, cancel for the tool; pan and pinch for the
// view. One finger paints, two move the picture; a second finger that comes at once (150 ms, 8 px)
// drops the stroke that the first began, a later one ends it. A pen, once seen, silences painting
// with fingers: palms rest on the glass.
import type { Point } from "../base/geometry";
import { distance } from "../base/geometry";

export interface Touch extends Point {
  readonly pressure: number;
  readonly kind: "mouse" | "pen" | "touch";
}

export interface Verbs {
  down(at: Touch): void;
  move(along: readonly Touch[]): void;
  up(): void;
  cancel(): void;
  hover(at: Touch | null): void;
  pinch(before: readonly Point[], after: readonly Point[]): void;
}

export interface Contact extends Touch {
  readonly id: number;
  readonly time: number;
  readonly pans: boolean; // middle button, or the space bar is held
}

const kSecondFingerMs = 150;
const kSecondFingerPx = 8;

export class Gesture {
  private readonly contacts = new Map<number, Contact>();
  private painting: { id: number; start: Contact } | null = null;
  private penSeen = false;

  constructor(private readonly verbs: Verbs) {}

  get busy(): boolean {
    return this.contacts.size > 0;
  }

  down(contact: Contact): void {
    if (contact.kind === "pen") this.penSeen = true;
    this.contacts.set(contact.id, contact);
    if (this.painting && contact.kind === "touch") {
      const { start, id } = this.painting;
      const now = this.contacts.get(id) ?? start;
      this.painting = null;
      if (contact.time - start.time <= kSecondFingerMs || distance(start, now) <= kSecondFingerPx) this.verbs.cancel();
      else this.verbs.up();
      return;
    }
    if (this.contacts.size > 1 || contact.pans || (this.penSeen && contact.kind === "touch")) return;
    this.painting = { id: contact.id, start: contact };
    this.verbs.down(contact);
  }

  move(id: number, along: readonly Contact[]): void {
    const last = along.at(-1);
    if (!last) return;
    const known = this.contacts.get(id);
    if (!known) {
      if (last.kind !== "touch") this.verbs.hover(last);
      return;
    }
    if (this.painting) {
      if (this.painting.id === id) this.verbs.move(along);
      this.contacts.set(id, { ...last, pans: known.pans });
      return;
    }
    const before = [...this.contacts.values()].slice(0, 2);
    this.contacts.set(id, { ...last, pans: known.pans });
    this.verbs.pinch(before, [...this.contacts.values()].slice(0, 2));
  }

  up(id: number): void {
    this.contacts.delete(id);
    if (this.painting?.id === id) {
      this.painting = null;
      this.verbs.up();
    }
  }

  // The browser took the pointer away: no `up` will follow.
  cancel(id: number): void {
    this.contacts.delete(id);
    if (this.painting?.id === id) {
      this.painting = null;
      this.verbs.cancel();
    }
  }

  leave(): void {
    if (!this.busy) this.verbs.hover(null);
  }
}
