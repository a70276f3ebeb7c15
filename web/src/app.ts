// Puts the page together: everything is made here, from what the browser offers, and handed to
// components by context.
import { createContext } from "svelte";
import { ApiError, Client } from "./api/client";
import { browserClock, Events } from "./api/events";
import type { ServerEvent, Session } from "./api/types";
import { openStore } from "./base/storage";
import { I18n } from "./i18n/i18n.svelte";
import { Choices } from "./state/choices.svelte";
import { Connection } from "./state/connection.svelte";
import { Downloads } from "./state/downloads.svelte";
import { Draft } from "./state/draft.svelte";
import { Editor } from "./state/editor.svelte";
import { Jobs } from "./state/jobs.svelte";
import { Pictures } from "./state/pictures.svelte";
import { told, type Told } from "./state/refusal";
import { Router } from "./state/router.svelte";
import { Studio } from "./state/studio.svelte";
import { Theme } from "./state/theme.svelte";
import { Toasts } from "./state/toasts.svelte";

export interface App {
  client: Client;
  i18n: I18n;
  t: I18n["t"];
  theme: Theme;
  router: Router;
  toasts: Toasts;
  connection: Connection;
  choices: Choices;
  jobs: Jobs;
  pictures: Pictures;
  downloads: Downloads;
  draft: Draft;
  editor: Editor;
  studio: Studio;
  // For another picture than the one on the stage.
  newEditor: () => Editor;
  // What an error means, in the person's language.
  explain: (error: unknown) => Told;
  // Runs something that may fail and says so when it does.
  attempt: <T>(task: Promise<T>) => Promise<T | undefined>;
  start: () => Promise<void>;
}

export const [getApp, setApp] = createContext<App>();

export const makeApp = async (): Promise<App> => {
  const client = new Client((input, init) => fetch(input, init));
  const store = await openStore("pentimento");
  const i18n = new I18n();
  const toasts = new Toasts();
  const connection = new Connection();
  const choices = new Choices(client);
  const jobs = new Jobs(client);
  const pictures = new Pictures(client);
  const downloads = new Downloads(client);
  const draft = new Draft(choices);
  const newEditor = (): Editor => new Editor(client, store, browserClock);
  const editor = newEditor();

  const explain = (error: unknown): Told => {
    if (error instanceof ApiError) return told(error, i18n);
    return { text: i18n.t("error.page"), detail: error instanceof Error ? error.message : String(error) };
  };
  const attempt = async <T>(task: Promise<T>): Promise<T | undefined> => {
    try {
      return await task;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) {
        const { text, detail } = explain(error);
        toasts.show(text, "bad", null, detail);
      }
      return undefined;
    }
  };

  const studio = new Studio({ client, choices, jobs, pictures, draft, editor, toasts, i18n, attempt });

  const apply = (event: ServerEvent): void => {
    if (event.type === "snapshot") connection.serverVersion = event.version;
    jobs.apply(event);
    pictures.apply(event);
    choices.apply(event);
    downloads.apply(event);
    void editor.apply(event);
    studio.apply(event);
  };
  const events = new Events(
    (url) => new EventSource(url),
    browserClock,
    apply,
    (connected) => {
      const back = connected && !connection.connected && connection.started;
      connection.connected = connected;
      if (back) void Promise.all([choices.load(), pictures.load()]).catch(() => {});
    },
  );

  const enter = async (session: Session): Promise<void> => {
    connection.session = session;
    if (session.required && !session.authenticated) return;
    events.start();
    await Promise.all([choices.load(), pictures.load()]);
    connection.started = true;
    await studio.start();
  };

  // A tab in the background keeps its connection for ten seconds: a browser has six for all tabs.
  let stopHidden = (): void => {};
  document.addEventListener("visibilitychange", () => {
    stopHidden();
    if (document.hidden) stopHidden = browserClock.after(10_000, () => events.stop());
    else if (connection.started) events.start();
  });

  client.onUnauthorized = () => {
    connection.session = { required: true, authenticated: false, admin: false };
  };
  connection.signIn = async (token) => enter(await client.signIn(token));

  return {
    client, i18n, t: i18n.t, theme: new Theme(), router: new Router(), toasts, connection, choices, jobs, pictures, downloads, draft, editor,
    studio, newEditor, explain, attempt,
    start: async () => {
      // A pairing address: http://computer:7860/#token=…
      const token = new URLSearchParams(location.hash.slice(1)).get("token");
      if (token) history.replaceState(null, "", location.pathname);
      try {
        await enter(token ? await client.signIn(token) : await client.session());
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) connection.session = { required: true, authenticated: false, admin: false };
        else connection.failed = explain(error).text;
      }
    },
  };
};
