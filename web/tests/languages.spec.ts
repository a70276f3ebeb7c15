import { expect, test } from "./fixtures";

for (const path of ["/", "/gallery", "/queue", "/grid", "/models", "/settings"])
  test(`${path} is Chinese through and through when asked`, async ({ studio }) => {
    const { page } = studio;
    await page.addInitScript(() => localStorage.setItem("language", "zh"));
    await studio.open(path);
    await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
    await expect(page.getByTestId("nav-studio")).toContainText("画室");
    // Left in English: names, addresses, what files and networks are called.
    const english = await page.evaluate(() => {
      const words: string[] = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        const text = (node.textContent ?? "").trim();
        const parent = node.parentElement;
        if (!parent || parent.closest("code, kbd, option, [lang=en], dd, h3, .badges, .hint")) continue;
        if (/[A-Za-z]{3,}/.test(text) && !/\p{Script=Han}/u.test(text)) words.push(text);
      }
      return words.filter((word) => !/^(English|Pentimento|VAE|LoRA|Eta|CLIP|Civitai|Hugging Face|SHA-256)/.test(word));
    });
    expect(english).toEqual([]);
  });

test("the language changes at once and stays", async ({ studio }) => {
  const { page } = studio;
  await studio.open("/settings");
  await page.getByTestId("language-select").selectOption("zh");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("设置");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("设置");
});
