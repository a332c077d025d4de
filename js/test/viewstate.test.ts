import { afterEach, describe, expect, it } from "vitest";
import { HEIGHT, ViewState } from "../src/viewstate";

afterEach(() => localStorage.clear());

const height = (view: string) => new ViewState(view).height.value;

describe("the height of a view", () => {
  it("is remembered for that view alone", () => {
    new ViewState("v1").resize(500);
    new ViewState("v2").resize(200);
    expect([height("v1"), height("v2"), height("v3")]).toEqual([500, 200, HEIGHT.first]);
  });

  it("is what a cell asks for until a person has dragged it", () => {
    const state = new ViewState("v1");
    state.begin(300);
    expect(state.height.value).toBe(300);
    state.resize(420);
    const again = new ViewState("v1");
    again.begin(300);
    expect(again.height.value).toBe(420);
  });

  it("is remembered of the latest views only, within bounds, and survives what others have stored", () => {
    localStorage.setItem("flyte-jupyter.heights", "nonsense");
    for (let i = 0; i < 300; i++) new ViewState(`v${i}`).resize(9000);
    expect([height("v0"), height("v299")]).toEqual([HEIGHT.first, HEIGHT.most]);
    expect(Object.keys(JSON.parse(localStorage.getItem("flyte-jupyter.heights") ?? "")).length).toBe(200);
  });
});
