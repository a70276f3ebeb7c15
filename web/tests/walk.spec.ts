// Every job from the picture to the result, in both languages: on the desk with the keyboard alone,
// on the phone with one finger. (The picture itself comes through the file chooser, which is the
// system's.)
import { expect, type StudioPage, test } from "./fixtures";
import { Walk } from "./walking";

type Work = "restyle" | "retouch" | "extend" | "enlarge" | "dress" | "blend" | "describe" | "create";

const offered = async (studio: StudioPage, ...kinds: string[]): Promise<boolean> => {
  const { items } = await studio.api<{ items: { kind: string; available: boolean }[] }>("GET", "/api/v1/kinds");
  return items.some((kind) => kinds.includes(kind.kind) && kind.available);
};

const walks: Record<Work, { kinds: string[]; picture: string | null; way: (walk: Walk, studio: StudioPage) => Promise<void> }> = {
  restyle: {
    kinds: ["stylize"], picture: "robin.jpg",
    async way(walk) {
      await walk.press("style-misty-blue");
      await walk.go();
    },
  },
  retouch: {
    kinds: ["inpaint"], picture: "robin.jpg",
    async way(walk, studio) {
      const { page, phone } = studio;
      await walk.press("work-retouch");
      if (phone) await studio.paint([0.45, 0.4], [0.55, 0.45]);
      else {
        await walk.press("tool-rectangle");
        await walk.reach("canvas");
        for (const key of ["Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"]) await page.keyboard.press(key);
      }
      await expect.poll(() => studio.painted()).toBeGreaterThan(300);
      await walk.write("prompt", "a red scarf");
      await walk.go();
    },
  },
  extend: {
    kinds: ["outpaint"], picture: "robin.jpg",
    async way(walk, studio) {
      await walk.press("work-extend");
      await walk.reach("extend-right");
      await studio.page.getByTestId("extend-right").fill("64");
      await studio.page.keyboard.press("Tab");
      await walk.go();
    },
  },
  enlarge: {
    kinds: ["upscale"], picture: null,
    async way(walk) {
      await walk.press("work-enlarge");
      await walk.go();
    },
  },
  dress: {
    kinds: ["try_on"], picture: "hoodie.jpg",
    async way(walk, studio) {
      await walk.press("work-dress");
      // The garment is found by itself, and shown.
      await walk.press("mask-auto");
      await walk.press("select-thing");
      await expect.poll(() => studio.painted(), { timeout: 20_000 }).toBeGreaterThan(1000);
      await walk.go();
    },
  },
  blend: {
    kinds: ["blend"], picture: "robin.jpg",
    async way(walk, studio) {
      await walk.press("work-blend");
      for (const slot of await studio.page.locator("[data-testid^=slot-] ~ input[type=file]").all()) await slot.setInputFiles(studio.file("coffee.png"));
      await walk.go();
    },
  },
  describe: {
    kinds: ["describe"], picture: "robin.jpg",
    async way(walk) {
      await walk.press("work-describe");
      await walk.go();
    },
  },
  create: {
    kinds: ["txt2img"], picture: null,
    async way(walk, studio) {
      await walk.press("work-create");
      await walk.write("prompt", "a lighthouse at dusk");
      if (studio.phone) await walk.go();
      else {
        await expect(studio.page.getByTestId("go")).toBeEnabled();
        await studio.page.keyboard.press("Control+Enter");
      }
    },
  },
};

for (const language of ["en", "zh"] as const)
  for (const [work, { kinds, picture, way }] of Object.entries(walks))
    test(`${work}, ${language}`, async ({ studio }) => {
      const { page } = studio;
      test.setTimeout(120_000);
      await page.addInitScript((chosen) => {
        localStorage.setItem("language", chosen);
        // The tests' model paints 64 pixels, too few for a garment; and a few steps show as much as many.
        if (!localStorage.getItem("draft")) localStorage.setItem("draft", JSON.stringify({ common: { steps: 6 }, values: { try_on: { width: 384, height: 576 } } }));
      }, language);
      await studio.open();
      test.skip(!(await offered(studio, ...kinds)), "this program cannot do that");
      if (work === "enlarge") await studio.bringSmall();
      else if (picture) await studio.bring(picture);
      const walk = new Walk(studio);
      await way(walk, studio);
      if (work === "describe") {
        const dialog = page.getByRole("dialog");
        await expect(dialog).toBeVisible({ timeout: 40_000 });
        if (studio.phone) await dialog.getByTestId("dialog-close").tap();
        else await page.keyboard.press("Escape");
        await expect(dialog).toBeHidden();
        return;
      }
      await studio.result();
      await walk.press("use-as-input");
      await expect(studio.canvas).toBeVisible();
    });
