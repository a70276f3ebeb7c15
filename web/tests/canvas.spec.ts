import { another, expect, test } from "./fixtures";

test("painting, undoing, and a reload in the middle lose nothing", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("coffee.png");
  await studio.work("retouch");
  await page.getByTestId("tool-brush").click();
  await studio.paint([0.4, 0.4], [0.6, 0.45]);
  const one = await studio.painted();
  expect(one).toBeGreaterThan(500);
  await studio.paint([0.4, 0.6], [0.6, 0.6]);
  const two = await studio.painted();
  expect(two).toBeGreaterThan(one);
  await page.reload();
  await expect.poll(() => studio.painted()).toBe(two);
  await page.getByTestId("undo").click();
  await expect.poll(() => studio.painted()).toBe(one);
  await page.getByTestId("undo").click();
  await expect.poll(() => studio.painted()).toBe(0);
  await page.keyboard.press("Control+Shift+Z");
  await expect.poll(() => studio.painted()).toBe(one);
});

test("what was painted in the moment before the page goes away is there when it comes back", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("astronaut.png");
  await studio.work("retouch");
  await page.getByTestId("tool-brush").click();
  await studio.paint([0.4, 0.4], [0.6, 0.45]);
  const one = await studio.painted();
  // Stamp and reload in one breath: nothing of the page runs in between.
  const back = page.waitForEvent("load");
  await studio.canvas.evaluate((canvas: HTMLElement) => {
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", shiftKey: true, bubbles: true }));
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    location.reload();
  });
  await back;
  await expect(page.getByTestId("undo")).toBeVisible();
  await expect.poll(() => studio.painted()).toBeGreaterThan(one);
});

test("a soft brush keeps its profile however often it passes", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("astronaut.png");
  await studio.work("retouch");
  await page.getByTestId("tool-brush").click();
  await studio.paint([0.3, 0.4], [0.7, 0.4]);
  const once = await studio.painted();
  await studio.paint([0.3, 0.4], [0.7, 0.4]);
  expect(Math.abs((await studio.painted()) - once)).toBeLessThan(once * 0.02);
});

test("everything can be painted by keyboard, and by numbers", async ({ studio }) => {
  const { page } = studio;
  test.skip(studio.phone, "a keyboard");
  await studio.open();
  await studio.bring("chelsea.png");
  await studio.work("retouch");
  await page.keyboard.press("r");
  await studio.canvas.focus();
  await page.keyboard.press("Enter");
  for (let i = 0; i < 4; i += 1) await page.keyboard.press("Shift+ArrowRight");
  for (let i = 0; i < 2; i += 1) await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Enter");
  await expect.poll(() => studio.painted()).toBeGreaterThan(1000);
  await page.keyboard.press("Control+z");
  await expect.poll(() => studio.painted()).toBe(0);
  await page.getByRole("button", { name: "More for the painted place" }).click();
  await page.getByRole("button", { name: "Rectangle by numbers" }).click();
  await page.getByRole("spinbutton", { name: "Width" }).fill("100");
  await page.getByRole("spinbutton", { name: "Height" }).fill("50");
  await page.getByTestId("rect-apply").click();
  await expect.poll(() => studio.painted()).toBeGreaterThan(4900);
  expect(await studio.painted()).toBeLessThan(5200);
  await studio.canvas.focus();
  await page.keyboard.press("i");
  await expect.poll(() => studio.painted()).toBeGreaterThan(100_000);
});

test("two fingers move and zoom, and what the first began is dropped", async ({ studio }) => {
  const { page } = studio;
  test.skip(!studio.phone, "fingers");
  await studio.open();
  await studio.bring("chelsea.png");
  await studio.work("retouch");
  await page.getByTestId("tool-brush").click();
  const box = await studio.canvas.boundingBox();
  if (!box) throw new Error("there is no canvas");
  const before = await studio.scale();
  const y = box.y + box.height / 2;
  const x = box.x + box.width / 2;
  const session = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...points: [number, number][]): Promise<unknown> =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([px, py], id) => ({ x: px, y: py, id })) });
  await touch("touchStart", [x - 20, y]);
  await touch("touchStart", [x - 20, y], [x + 20, y]);
  for (let d = 20; d <= 60; d += 10) await touch("touchMove", [x - d, y], [x + d, y]);
  await touch("touchEnd");
  await expect.poll(() => studio.scale()).toBeGreaterThan(before * 2);
  expect(await studio.painted()).toBe(0);
  // One finger paints.
  await touch("touchStart", [x, y]);
  for (let d = 0; d <= 60; d += 6) await touch("touchMove", [x + d, y]);
  await touch("touchEnd");
  await expect.poll(() => studio.painted()).toBeGreaterThan(100);
});

test("colour laid over the photograph goes into the job", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("astronaut.png");
  await studio.work("restyle");
  await page.getByTestId("engine-img2img").click();
  await page.getByTestId("tool-pencil").click();
  await studio.paint([0.4, 0.4], [0.6, 0.4]);
  await studio.go();
  await studio.result();
  const { items } = await studio.api<{ items: { inputs: { source: string } }[] }>("GET", "/api/v1/pictures?limit=1");
  const source = await studio.api<{ name: string; bytes: number }>("GET", `/api/v1/inputs/${items[0]?.inputs.source}`);
  expect(source.name).toBe("astronaut.png");
  expect(source.bytes).not.toBe(791555);
});

test("cropping makes a new picture to work from", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("coffee.png");
  await page.getByTestId("crop").click();
  await page.getByRole("button", { name: "1:1" }).click();
  await page.getByTestId("crop-apply").click();
  await expect.poll(() => page.locator(".paper").evaluate((paper) => (paper as HTMLElement).offsetWidth)).toBe(400);
});

test("two tabs on one picture: nothing is overwritten silently", async ({ studio }) => {
  const { page } = studio;
  await studio.open();
  await studio.bring("rocket.jpg");
  await studio.work("retouch");
  const other = await another(studio);
  await other.open();
  await other.bring("rocket.jpg");
  await other.work("retouch");
  await page.getByTestId("tool-brush").click();
  await studio.paint([0.4, 0.4], [0.6, 0.4]);
  const one = await studio.painted();
  // What one tab saves, the other shows.
  await expect.poll(() => other.painted(), { timeout: 10_000 }).toBe(one);
  // Both paint while they cannot hear each other.
  await page.context().setOffline(true);
  await studio.paint([0.4, 0.5], [0.6, 0.5]);
  await other.page.getByTestId("tool-brush").click();
  const saved = other.page.waitForResponse((answer) => answer.request().method() === "PUT" && answer.url().includes("/documents/") && answer.ok());
  await other.paint([0.4, 0.6], [0.6, 0.6]);
  await saved;
  await page.context().setOffline(false);
  await expect(page.getByTestId("conflict-mine")).toBeVisible({ timeout: 30_000 });
  await page.getByTestId("conflict-theirs").click();
  await expect.poll(async () => (await studio.painted()) === (await other.painted())).toBe(true);
  await other.page.context().close();
});

test("a stroke is on the screen within a frame, on a picture of four megapixels", async ({ studio }) => {
  const { page } = studio;
  test.skip(studio.phone, "measured once");
  await studio.open();
  const data = await page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 2048;
    const context = canvas.getContext("2d");
    if (context) {
      context.fillStyle = "#789";
      context.fillRect(0, 0, 2048, 2048);
    }
    return canvas.toDataURL("image/jpeg");
  });
  await page.getByTestId("file").setInputFiles({ name: "large.jpg", mimeType: "image/jpeg", buffer: Buffer.from(data.split(",")[1] ?? "", "base64") });
  await expect(studio.canvas).toBeVisible();
  await studio.work("retouch");
  await page.getByTestId("tool-brush").click();
  await studio.paint([0.3, 0.3], [0.4, 0.3]);
  // What one move of the brush costs this page in processor time of its main thread: the handler, then
  // everything of the frame that shows it (drawing, style, layout, paint). Other programs on the
  // machine do not count; the frames that really came are told, not judged.
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async (): Promise<{ all: number; script: number }> => {
    const { metrics } = await session.send("Performance.getMetrics");
    const value = (name: string): number => (metrics.find((metric) => metric.name === name)?.value ?? 0) * 1000;
    return { all: value("TaskDuration"), script: value("ScriptDuration") };
  };
  const moves = 120;
  const before = await busy();
  const frame = await studio.canvas.evaluate(async (stage, count) => {
    const box = stage.getBoundingClientRect();
    const send = (type: string, x: number, y: number): void => {
      stage.dispatchEvent(new PointerEvent(type, { pointerId: 1, pointerType: "mouse", clientX: box.x + x, clientY: box.y + y, bubbles: true, button: 0, buttons: 1 }));
    };
    stage.setPointerCapture = () => {};
    const began = performance.now();
    send("pointerdown", 200, 200);
    for (let i = 0; i < count; i += 1) {
      send("pointermove", 200 + i * 3, 200 + (i % 9) * 8);
      await new Promise(requestAnimationFrame);
    }
    return (performance.now() - began) / count;
  }, moves);
  const after = await busy();
  const cost = (after.all - before.all) / moves;
  console.log(`brush, 2048 x 2048: ${cost.toFixed(1)} ms a move, ${((after.script - before.script) / moves).toFixed(1)} ms of it script; a frame every ${frame.toFixed(1)} ms`);
  // 8.7 ms were measured on two cores that did four other things as well; a frame is 16.7 ms.
  expect(cost).toBeLessThan(14);
});
