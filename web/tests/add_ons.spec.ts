// What works beside a model, walked through with real (tiny) networks: a ControlNet, a blend by
// IP-Adapter, a garment draped by CatVTON. By keyboard on the desk, with one finger on the phone.
import { expect, type StudioPage, test } from "./fixtures";
import { Walk } from "./walking";

test.use({ models: "all" });

interface Made {
  kind: string;
  model: string;
  infotext: string;
  inputs: Record<string, string>;
}
const newest = async (studio: StudioPage): Promise<Made> => {
  const { items: [made] } = await studio.api<{ items: Made[] }>("GET", "/api/v1/pictures?limit=1");
  if (!made) throw new Error("there is no picture");
  return made;
};
const begin = async (studio: StudioPage, language: string): Promise<void> => {
  test.setTimeout(120_000);
  await studio.page.addInitScript((chosen) => {
    localStorage.setItem("language", chosen);
    const small = { width: 128, height: 128 };
    if (!localStorage.getItem("draft"))
      localStorage.setItem("draft", JSON.stringify({ common: { steps: 6, model: "tiny" }, values: { img2img: small, blend: small, drape: { ...small, steps: 6 } } }));
  }, language);
  await studio.open();
};

for (const language of ["en", "zh"] as const) {
  test(`a ControlNet holds the shapes, ${language}`, async ({ studio }) => {
    const { page } = studio;
    await begin(studio, language);
    await studio.bring("robin.jpg");
    const walk = new Walk(studio);
    await walk.press("engine-img2img");
    await walk.write("prompt", "a lighthouse");
    await walk.press("controls");
    await walk.press("control-add");
    await expect(page.getByTestId("control-unit")).toHaveCount(1);
    // Its name says what it wants to see.
    await expect(page.getByTestId("control-unit").locator("select").nth(1)).toHaveValue("canny");
    await walk.go();
    await studio.result();
    const made = await newest(studio);
    expect(made.infotext).toContain("Model: tiny_canny");
    await walk.press("use-as-input");
    await expect(studio.canvas).toBeVisible();
  });

  test(`two pictures become one by what is seen in them, ${language}`, async ({ studio }) => {
    const { page } = studio;
    await begin(studio, language);
    await studio.bring("robin.jpg");
    const walk = new Walk(studio);
    await walk.press("work-blend");
    await page.locator("[data-testid=slot-second] ~ input[type=file]").setInputFiles(studio.file("coffee.png"));
    await expect(page.getByTestId("slot-third")).toBeVisible();
    await walk.reach("blend-weight-1");
    await page.getByTestId("blend-weight-1").fill("0.5");
    await expect(page.getByTestId("blend-weight-1")).toHaveAttribute("aria-valuetext", "0.5");
    await walk.go();
    await studio.result();
    const made = await newest(studio);
    expect(made.kind).toBe("blend");
    expect(made.infotext).toContain("Blend: image-prompt");
    expect(made.infotext).toContain('Blend weights: "1, 0.5"');
    expect(Object.keys(made.inputs).sort()).toEqual(["second", "source"]);
  });

  test(`a garment is draped on a person where one painted, ${language}`, async ({ studio }) => {
    const { page } = studio;
    await begin(studio, language);
    await studio.bring("hoodie.jpg");
    const walk = new Walk(studio);
    await walk.press("work-dress");
    // Its weights are installed, so it is what one begins with; what it may be used for is said.
    await expect(page.getByTestId("engine-drape")).toHaveAttribute("aria-checked", "true");
    await expect(page.getByTestId("licence")).toContainText("CC BY-NC-SA 4.0");
    await expect(page.getByTestId("go")).toBeDisabled();
    await page.locator("[data-testid=slot-person] ~ input[type=file]").setInputFiles(studio.file("astronaut.png"));
    await expect(page.getByTestId("plan")).toContainText(language === "en" ? "Where the garment goes" : "服装穿着区域");
    await walk.press("person-mask");
    const dialog = page.getByRole("dialog");
    const canvas = dialog.getByTestId("canvas");
    await expect(canvas.getByRole("img").first()).toBeVisible();
    const box = await canvas.boundingBox();
    if (!box) throw new Error("there is no canvas");
    if (studio.phone) {
      await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.55, { steps: 8 });
      await page.mouse.up();
    } else {
      await canvas.focus();
      for (const key of ["Enter", "Shift+ArrowRight", "Enter", "Shift+ArrowDown", "Enter"]) await page.keyboard.press(key);
    }
    await expect(page.getByTestId("person-mask-keep")).toBeEnabled();
    await walk.press("person-mask-keep");
    await expect(dialog).toBeHidden();
    await walk.go();
    await studio.result();
    const made = await newest(studio);
    expect(made.kind).toBe("drape");
    expect(made.model).toBe("tiny_wide");
    expect(Object.keys(made.inputs).sort()).toEqual(["person", "person_mask", "source"]);
    // The licence is told with the result as well.
    const { items: [job] } = await studio.api<{ items: { result: { notes: string[] } }[] }>("GET", "/api/v1/jobs?state=done&limit=1");
    expect(job?.result.notes.join()).toContain("not for commercial use");
    // Faithful pixels stay one tap away.
    await page.getByTestId("result-back").click();
    await page.getByTestId("engine-try_on").click();
    await expect(page.getByTestId("licence")).toBeHidden();
  });
}
