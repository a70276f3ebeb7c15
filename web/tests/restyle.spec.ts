import { expect, test } from "./fixtures";

test("the first minute: a picture, a style, one button, a painting", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await page.getByTestId("example-cat").click();
  await expect(studio.canvas).toBeVisible();
  // How it will look, before it is asked for; the helper's picture does not stay.
  await expect(page.getByTestId("ghost")).toBeVisible();
  await expect(page.getByTestId("plan")).toContainText("451 × 300");
  await studio.go();
  await studio.result();

  const slider = page.getByRole("slider", { name: "Before and after" });
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await expect(slider).toHaveValue("50.5");

  await page.getByTestId("discard").click();
  await page.getByRole("button", { name: "Undo" }).last().click();
  await expect.poll(async () => (await studio.api<{ items: unknown[] }>("GET", "/api/v1/pictures?kind=stylize")).items.length).toBeGreaterThan(0);
});

test("a dropped picture becomes a painting in words, with the plan before and the same again after", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  const prompt = page.getByTestId("prompt");
  await prompt.fill("a cat, red hat");
  await expect(page.getByTestId("tokens")).toContainText("of 75");
  await prompt.press("Control+ArrowUp");
  await expect(prompt).toHaveValue("a cat, (red hat:1.1)");

  const strength = page.getByTestId("strength");
  await strength.fill("0.5");
  await expect(page.getByTestId("strength-what")).toContainText("11 of 20");
  await expect(page.getByTestId("plan")).toContainText("11 of 20 steps");
  await strength.focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByTestId("strength-what")).toContainText("12 of 20");
  await strength.fill("0");
  await expect(page.getByTestId("strength-what")).toContainText("nothing changes");
  await strength.fill("0.5");

  await studio.go();
  await studio.result();
  const made = async (): Promise<{ seed: number }[]> => (await studio.api<{ items: { seed: number }[] }>("GET", "/api/v1/pictures?kind=img2img")).items;
  const before = (await made()).length;
  await page.getByTestId("result-info").click();
  await page.getByRole("button", { name: "Repeat exactly" }).click();
  await expect.poll(async () => (await made()).length, { timeout: 40_000 }).toBe(before + 1);
  await studio.result();
  await expect(page.getByText("the same to the last bit")).toBeVisible();
  // Esc closes the menu, not the result behind it.
  await page.getByTestId("send-to").click();
  await expect(page.getByTestId("send-describe")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("send-describe")).toBeHidden();
  await expect(page.getByTestId("result")).toBeVisible();
  const items = await made();
  expect(items[0]?.seed).toBe(items[1]?.seed);
  await page.getByTestId("next-seed").click();
  await expect.poll(async () => (await made())[0]?.seed, { timeout: 40_000 }).toBe((items[0]?.seed ?? 0) + 1);
  await studio.result();
  await page.getByTestId("use-as-input").click();
  await expect(studio.canvas).toBeVisible();
});

test("five strengths of one seed, half as large, one tap away", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await page.getByTestId("strip").click();
  const strip = page.getByRole("group", { name: "Compare five strengths" });
  await expect(strip.locator("img")).toHaveCount(5, { timeout: 40_000 });
  await strip.getByRole("button").nth(3).click();
  await expect(page.getByTestId("strength")).toHaveValue("0.7");
  // Of this job only.
  await studio.work("extend");
  await expect(strip).toBeHidden();
});

test("Chinese words are shown in English before they are used", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await page.getByTestId("prompt").fill("油画，红围巾的猫");
  await expect(page.getByTestId("terms-english")).toHaveText("oil painting, red scarf cat");
  await page.getByTestId("terms-use").click();
  await expect(page.getByTestId("prompt")).toHaveValue("oil painting, red scarf cat");
});

test("pasted parameters of other programs become settings", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await page.getByTestId("prompt").evaluate((area) => {
    const data = new DataTransfer();
    data.setData("text/plain", "a lighthouse, dusk\nNegative prompt: blurry\nSteps: 13, Sampler: Euler a, CFG scale: 6, Seed: 42, Size: 512x512, Denoising strength: 0.4");
    area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(page.getByTestId("prompt")).toHaveValue("a lighthouse, dusk");
  await expect(page.getByTestId("plan")).toContainText("of 13 steps");
});
