// Verbs that a key can call, as data: the help sheet is made from the same list.
import type { App } from "../app";
import type { PlainKey } from "../i18n/i18n.svelte";
import type { ToolName } from "../state/editor.svelte";
import { works } from "../state/works";

export interface Command {
  readonly label: PlainKey;
  readonly keys: readonly string[]; // "ctrl+z", "b", "?"
  readonly when: () => boolean;
  readonly run: () => void;
}

export const makeCommands = (app: App, toggleHelp: () => void): readonly Command[] => {
  const { editor, studio, router, draft } = app;
  const onStage = (): boolean => router.page === "studio" && studio.shown === null && editor.source !== null;
  const onResult = (): boolean => router.page === "studio" && studio.shown !== null;
  const masks = (): boolean => onStage() && works[draft.work].needsMask;
  const tool = (label: PlainKey, key: string, name: ToolName, when = masks): Command => ({ label, keys: [key], when, run: () => editor.pick(name) });
  return [
    { label: "command.go", keys: ["ctrl+enter"], when: () => router.page === "studio", run: () => void studio.send() },
    { label: "action.undo", keys: ["ctrl+z"], when: onStage, run: () => editor.undo() },
    { label: "action.redo", keys: ["ctrl+shift+z", "ctrl+y"], when: onStage, run: () => editor.redo() },
    tool("tool.pan", "h", "pan", onStage),
    tool("tool.brush", "b", "brush"),
    tool("tool.eraser", "e", "eraser"),
    tool("tool.rectangle", "r", "rectangle"),
    tool("tool.lasso", "l", "lasso"),
    tool("tool.polygon", "p", "polygon"),
    { label: "mask.invert", keys: ["i"], when: masks, run: () => editor.push({ type: "invert" }) },
    { label: "command.smaller", keys: ["["], when: onStage, run: () => (editor.brushSize = Math.max(2, Math.round(editor.brushSize / 1.2))) },
    { label: "command.larger", keys: ["]"], when: onStage, run: () => (editor.brushSize = Math.round(editor.brushSize * 1.2) + 1) },
    { label: "result.use", keys: ["enter"], when: onResult, run: () => studio.shown && void studio.useAsInput(studio.shown) },
    { label: "result.discard", keys: ["delete"], when: onResult, run: () => studio.shown && void studio.discard(studio.shown) },
    { label: "result.back", keys: ["escape"], when: onResult, run: () => studio.show(null) },
    { label: "page.studio", keys: ["1"], when: () => true, run: () => router.go("studio") },
    { label: "page.gallery", keys: ["2"], when: () => true, run: () => router.go("gallery") },
    { label: "page.queue", keys: ["3"], when: () => true, run: () => router.go("queue") },
    { label: "page.grid", keys: ["4"], when: () => true, run: () => router.go("grid") },
    { label: "page.models", keys: ["5"], when: () => true, run: () => router.go("models") },
    { label: "page.settings", keys: ["6"], when: () => true, run: () => router.go("settings") },
    { label: "command.help", keys: ["?"], when: () => true, run: toggleHelp },
  ];
};
