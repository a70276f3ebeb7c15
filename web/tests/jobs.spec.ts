// Jobs that the program offers when their engines are built in; each is walked through when it is.
import { expect, test, type StudioPage } from "./fixtures";

const offered = async (studio: StudioPage, ...kinds: string[]): Promise<boolean> => {
  const { items } = await studio.api<{ items: { kind: string; available: boolean }[] }>("GET", "/api/v1/kinds");
  return items.some((kind) => kinds.includes(kind.kind) && kind.available);
};
const newest = async (studio: StudioPage): Promise<{ kind: string; width: number; height: number; inputs: Record<string, string> }> => {
  const { items } = await studio.api<{ items: { kind: string; width: number; height: number; inputs: Record<string, string> }[] }>("GET", "/api/v1/pictures?limit=1");
  if (!items[0]) throw new Error("there is no picture");
  return items[0];
};

test("a painted place is repainted, and only there", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  test.skip(!(await offered(studio, "inpaint")), "this program has no inpainting");
  await studio.bring("robin.jpg");
  await studio.work("retouch");
  await expect(page.getByTestId("plan")).toContainText("First paint over");
  await expect(page.getByTestId("go")).toBeDisabled();
  await page.getByTestId("tool-brush").click();
  await studio.paint([0.45, 0.4], [0.55, 0.45]);
  await studio.go();
  await studio.result();
  const made = await newest(studio);
  expect(made.kind).toBe("inpaint");
  expect(made.inputs["mask"]).toMatch(/^[0-9a-f]{64}$/);
});

test("a picture grows where its edge is dragged to", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  test.skip(!(await offered(studio, "outpaint")), "this program cannot extend");
  await studio.bring("robin.jpg");
  await studio.work("extend");
  await expect(page.getByTestId("go")).toBeDisabled();
  const handle = page.getByTestId("handle-right");
  await handle.focus();
  for (let i = 0; i < 2; i += 1) await page.keyboard.press("Shift+ArrowRight");
  await expect(page.getByTestId("extend-right")).toHaveValue("128");
  const box = await handle.boundingBox();
  if (!box) throw new Error("there is no handle");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 - 15, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  expect(Number(await page.getByTestId("extend-right").inputValue())).toBeLessThan(128);
  await page.getByTestId("extend-right").fill("64");
  await page.getByTestId("extend-right").press("Enter");
  await studio.go();
  await studio.result();
  expect((await newest(studio)).kind).toBe("outpaint");
});

test("a picture is enlarged without a model", async ({ studio }) => {
  await studio.open();
  test.skip(!(await offered(studio, "upscale")), "this program cannot enlarge");
  await studio.bringSmall();
  await studio.work("enlarge");
  await studio.go();
  await studio.result();
  expect((await newest(studio)).width).toBeGreaterThan(64);
});

test("a picture is described in words that become a prompt", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  test.skip(!(await offered(studio, "describe", "interrogate")), "this program cannot describe");
  await studio.bring("robin.jpg");
  await studio.work("describe");
  await studio.go();
  await expect(page.getByRole("dialog", { name: "Describe" })).toBeVisible({ timeout: 40_000 });
});

test("words alone make a picture", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  test.skip(!(await offered(studio, "txt2img")), "this program paints only over pictures");
  await studio.work("create");
  await page.getByTestId("prompt").fill("a lighthouse at dusk");
  await studio.go();
  await studio.result();
  expect((await newest(studio)).kind).toBe("txt2img");
});

test("a job that cannot run says why, and its button does not pretend", async ({ studio }) => {
  const { page } = studio;
  await page.route("**/api/v1/kinds", async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { items: { kind: string; available: boolean; reason: string | null }[] };
    for (const kind of body.items) if (kind.kind === "img2img") Object.assign(kind, { available: false, reason: "there is no model yet" });
    await route.fulfill({ json: body });
  });
  await studio.open();
  await studio.bring("robin.jpg");
  await page.getByTestId("engine-img2img").click();
  await expect(page.getByTestId("plan")).toHaveText("there is no model yet");
  await expect(page.getByTestId("go")).toBeDisabled();
});
