import { beforeEach, describe, expect, it } from "vitest";
import { Gesture, type Contact, type Verbs } from "./gesture";

let said: string[];
const verbs: Verbs = {
  down: (at) => said.push(`down ${at.x},${at.y}`),
  move: (along) => said.push(`move ${along.length}`),
  up: () => said.push("up"),
  cancel: () => said.push("cancel"),
  hover: (at) => said.push(at ? "hover" : "away"),
  pinch: (before, after) => said.push(`pinch ${before.length} ${after.length}`),
};
const finger = (id: number, x: number, y: number, time: number): Contact => ({ id, x, y, time, kind: "touch", pressure: 0.5, pans: false });
const mouse = (x: number, y: number, pans = false): Contact => ({ id: 1, x, y, time: 0, kind: "mouse", pressure: 0.5, pans });
const pen = (x: number, y: number): Contact => ({ id: 9, x, y, time: 0, kind: "pen", pressure: 0.5, pans: false });

describe("Gesture", () => {
  beforeEach(() => (said = []));

  it("paints with one finger", () => {
    const gesture = new Gesture(verbs);
    gesture.down(finger(1, 10, 10, 0));
    gesture.move(1, [finger(1, 20, 10, 16)]);
    gesture.up(1);
    expect(said).toEqual(["down 10,10", "move 1", "up"]);
  });
  it("drops the stroke when a second finger comes at once, and moves the picture", () => {
    const gesture = new Gesture(verbs);
    gesture.down(finger(1, 10, 10, 0));
    gesture.down(finger(2, 90, 10, 80));
    gesture.move(2, [finger(2, 120, 10, 96)]);
    gesture.up(2);
    gesture.up(1);
    expect(said).toEqual(["down 10,10", "cancel", "pinch 2 2"]);
  });
  it("ends the stroke when a second finger comes late", () => {
    const gesture = new Gesture(verbs);
    gesture.down(finger(1, 10, 10, 0));
    gesture.move(1, [finger(1, 60, 10, 300)]);
    gesture.down(finger(2, 90, 10, 400));
    expect(said).toEqual(["down 10,10", "move 1", "up"]);
  });
  it("does not paint with the finger that stays after a pinch", () => {
    const gesture = new Gesture(verbs);
    gesture.down(finger(1, 10, 10, 0));
    gesture.down(finger(2, 90, 10, 20));
    gesture.up(2);
    gesture.move(1, [finger(1, 30, 10, 60)]);
    expect(said).toEqual(["down 10,10", "cancel", "pinch 1 1"]);
  });
  it("pans with the middle button", () => {
    const gesture = new Gesture(verbs);
    gesture.down(mouse(5, 5, true));
    gesture.move(1, [mouse(9, 5)]);
    gesture.up(1);
    expect(said).toEqual(["pinch 1 1"]);
  });
  it("hovers with a mouse that is up", () => {
    const gesture = new Gesture(verbs);
    gesture.move(1, [mouse(5, 5)]);
    gesture.leave();
    expect(said).toEqual(["hover", "away"]);
  });
  it("lets fingers only pan once a pen was seen", () => {
    const gesture = new Gesture(verbs);
    gesture.down(pen(5, 5));
    gesture.up(9);
    said = [];
    gesture.down(finger(1, 10, 10, 900));
    gesture.move(1, [finger(1, 20, 10, 916)]);
    expect(said).toEqual(["pinch 1 1"]);
  });
  it("cancels when the browser takes the pointer away", () => {
    const gesture = new Gesture(verbs);
    gesture.down(finger(1, 10, 10, 0));
    gesture.cancel(1);
    gesture.up(1);
    expect(said).toEqual(["down 10,10", "cancel"]);
  });
});
