import "./tokens.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { makeApp } from "./app";

// The keyboard of a phone takes room that some browsers do not take from the page.
const viewport = window.visualViewport;
const fitKeyboard = (): void => {
  const hidden = viewport ? window.innerHeight - viewport.height : 0;
  document.documentElement.style.setProperty("--keyboard", hidden > 120 && viewport?.scale === 1 ? `${hidden}px` : "0px");
};
viewport?.addEventListener("resize", fitKeyboard);

const app = await makeApp();
mount(App, { target: document.body, props: { app } });
void app.start();
