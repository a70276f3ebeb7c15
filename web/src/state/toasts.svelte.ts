// Short messages at the edge of the page, with at most one thing to do about each.
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "good" | "bad";
  readonly action: { label: string; run: () => void } | null;
  readonly detail: string | null; // what can be unfolded
}

export class Toasts {
  #items = $state.raw<readonly Toast[]>([]);
  #next = 1;

  get items(): readonly Toast[] {
    return this.#items;
  }

  show(text: string, tone: Toast["tone"] = "plain", action: Toast["action"] = null, detail: Toast["detail"] = null): void {
    const toast = { id: this.#next++, text, tone, action, detail };
    this.#items = [...this.#items.slice(-2), toast];
    setTimeout(() => this.dismiss(toast.id), tone === "bad" || action ? 9000 : 4500);
  }

  dismiss(id: number): void {
    this.#items = this.#items.filter((toast) => toast.id !== id);
  }
}
