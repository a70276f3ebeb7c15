// From key presses to commands. Single keys act only outside text fields, buttons that need Enter,
// dialogs, and never while an input method composes.
import type { Command } from "./commands";

interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

export const nameOf = (press: Press): string => {
  const key = press.key.toLowerCase();
  const ctrl = press.ctrlKey || press.metaKey;
  // Shift is part of "?", not a word of its own.
  const shift = press.shiftKey && (ctrl || key.length > 1);
  return [ctrl && "ctrl", press.altKey && "alt", shift && "shift", key].filter(Boolean).join("+");
};

export const find = (commands: readonly Command[], press: Press): Command | undefined => {
  const name = nameOf(press);
  return commands.find((command) => command.keys.includes(name) && command.when());
};

const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !["range", "checkbox", "radio", "button", "color"].includes(target.type)));

const takesEnter = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement || target.tagName === "SUMMARY" || target.getAttribute("role") === "application");

export const keyboard = (commands: readonly Command[]) => (event: KeyboardEvent): void => {
  if (event.isComposing || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  // Esc closes an open menu, and nothing behind it.
  if (event.key === "Escape" && document.querySelector(":popover-open")) return;
  const typing = writes(event.target);
  if (typing && !(event.ctrlKey || event.metaKey)) return;
  if (event.key === "Enter" && !(event.ctrlKey || event.metaKey) && takesEnter(event.target)) return;
  const command = find(commands, event);
  // In a text field undo belongs to the text.
  if (!command || (typing && command.keys.some((key) => key === "ctrl+z" || key === "ctrl+y"))) return;
  event.preventDefault();
  command.run();
};
