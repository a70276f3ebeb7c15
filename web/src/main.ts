import "./tokens.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { makeApp } from "./app";

// The keyboard of a phone takes room that some browsers do not take from the page. While it is there
// the page shows what is written and the one button, nothing else.
const viewport = window.visualViewport;
const root = document.documentElement;
const fitKeyboard = (): void => {
  const hidden = viewport ? window.innerHeight - viewport.height : 0;
  const open = hidden > 120 && viewport?.scale === 1;
  root.style.setProperty("--keyboard", open ? `${hidden}px` : "0px");
  root.toggleAttribute("data-keyboard", open);
  if (open) requestAnimationFrame(() => document.activeElement?.scrollIntoView({ block: "nearest" }));
};
viewport?.addEventListener("resize", fitKeyboard);

const app = await makeApp();
mount(App, { target: document.body, props: { app } });
void app.start();
