// How a person gets about: on the desk by the keyboard alone, on the phone with one finger.
import { expect, type StudioPage } from "./fixtures";

export class Walk {
  constructor(private readonly studio: StudioPage) {}

  // The focus goes there by Tab, or the finger does.
  async reach(testid: string): Promise<void> {
    const { page, phone } = this.studio;
    const target = page.getByTestId(testid);
    await expect(target).toBeVisible();
    if (phone) return target.scrollIntoViewIfNeeded();
    for (let i = 0; i < 160; i += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) {
        // Who walks by keyboard sees where they are.
        expect(await target.evaluate((element) => element.matches(":focus-visible"))).toBe(true);
        return;
      }
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not lead to ${testid}`);
  }
  async press(testid: string): Promise<void> {
    await this.reach(testid);
    if (this.studio.phone) await this.studio.page.getByTestId(testid).tap();
    else await this.studio.page.keyboard.press("Enter");
  }
  async write(testid: string, text: string): Promise<void> {
    await this.reach(testid);
    if (this.studio.phone) await this.studio.page.getByTestId(testid).tap();
    await this.studio.page.keyboard.insertText(text);
  }
  async go(): Promise<void> {
    await expect(this.studio.page.getByTestId("go")).toBeEnabled({ timeout: 20_000 });
    await this.press("go");
  }
}
