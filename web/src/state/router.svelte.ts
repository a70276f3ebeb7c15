// The address bar: page and selection.
export const pageNames = ["studio", "gallery", "queue", "grid", "models", "settings"] as const;
export type PageName = (typeof pageNames)[number];

export interface Route {
  readonly page: PageName;
  readonly selection: string | null;
}

export const parsePath = (path: string): Route => {
  const [first = "", second] = path.split("/").filter(Boolean);
  const page = pageNames.find((name) => name === first) ?? "studio";
  return { page, selection: page === "studio" ? null : (second ?? null) };
};

export const pathOf = (page: PageName, selection: string | null = null): string =>
  page === "studio" ? "/" : `/${page}${selection ? `/${selection}` : ""}`;

export class Router {
  #route = $state.raw<Route>(parsePath(location.pathname));

  constructor() {
    addEventListener("popstate", () => {
      this.#route = parsePath(location.pathname);
    });
  }

  get page(): PageName {
    return this.#route.page;
  }
  get selection(): string | null {
    return this.#route.selection;
  }

  go(page: PageName, selection: string | null = null): void {
    const path = pathOf(page, selection);
    if (path !== location.pathname) history.pushState(null, "", path);
    this.#route = { page, selection };
  }
}
