import "./tokens.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { makeApp } from "./app";

const app = await makeApp();
mount(App, { target: document.body, props: { app } });
void app.start();
