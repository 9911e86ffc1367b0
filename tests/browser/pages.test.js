// What holds on every page, as a reader with scripts sees it. A page is loaded once and then looked at in all ways.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { axe, pages, start, Tabs } from "./site.js";
import * as look from "./look.js";

const drawing = "figure.rstlab-figure:has(.rstlab-drawing)";

const looked = new Set();

let browser, tabs;
before(async () => {
  browser = await start();
  tabs = new Tabs(browser);
});
after(() => browser?.close());

describe("every page", { concurrency: 2 }, () => {
  for (const page of pages) {
    describe(page, { concurrency: 1 }, () => {
      let tab;
      before(async () => { tab = await tabs.open(page); });
      after(() => tab && tabs.close(tab));

      const unfold = how => tab.evaluate(open => document.querySelectorAll("main details").forEach(details => { details.open = open; }), how);

      /** Asks until nothing is wrong, for a while: plotly.js draws anew after a change. */
      async function nothing(wrong) {
        let found;
        for (const until = Date.now() + 5000; (found = await tab.evaluate(wrong)).length > 0 && Date.now() < until;) {
          await tab.waitForTimeout(100);
        }
        assert.deepEqual(found, []);
      }

      async function choose(theme) {
        if (await tab.evaluate(look.scheme) !== theme) {
          await tab.locator(".theme").click();
        }
        assert.equal(await tab.evaluate(look.scheme), theme);
      }

      /** Rests the pointer on a figure, where it has something to tell, and reads what it shows. */
      async function hover(figure) {
        const points = await figure.evaluate(look.hoverPoints);
        let label = "";
        for (let i = 0; i < points.length && !label; i++) {
          await tab.mouse.move(...points[i]);
          label = await figure.evaluate(look.hoverLabel);
        }
        if (points.length > 0) {
          const title = await figure.evaluate(element => element.querySelector("figcaption").textContent);
          assert.ok(label.trim(), `${title}: no label at any of ${JSON.stringify(points)}`);
          assert.equal(await figure.evaluate(look.faintHover), "", title);
        }
      }

      it("draws every figure with plotly.js", async () => {
        await unfold(true);
        assert.deepEqual(await tab.evaluate(look.notDrawn), []);
      });

      it("tells more where the pointer rests on a figure", async () => {
        for (const figure of await tab.$$(drawing)) {
          await hover(figure);
        }
        await tab.mouse.move(1, 1);
        // A page in the other language has the same figures. What was looked at there is not drawn anew for each width and colour: here
        // the still pictures have their turn.
        const drawings = await tab.evaluate(() => [...document.querySelectorAll(".rstlab-plotly")].map(source => source.textContent).join());
        if (looked.has(drawings)) {
          await tab.evaluate(look.keepStill);
        }
        looked.add(drawings);
      });

      it("gives every figure a text, and every table header cells and a name", async () =>
        assert.deepEqual(await tab.evaluate(look.withoutWords), []));

      for (const width of [1280, 768, 360, 1920]) {
        it(`fits a screen of ${width} pixels`, async () => {
          await tab.setViewportSize({ width, height: 900 });
          await nothing(look.cutOff);
        });
      }

      for (const theme of ["light", "dark"]) {
        it(`has labels that can be read in ${theme} colours`, async () => {
          await choose(theme);
          await nothing(look.faintLabels);
          const figure = await tab.$(`${drawing}:has(.js-plotly-plot)`);
          await (figure && hover(figure));
          await tab.mouse.move(1, 1);
        });
      }

      it("leads the keyboard through all that can be used, in the order of reading, and shows where it is", async () => {
        await unfold(false);
        const keys = await tab.context().newCDPSession(tab); // a few hundred keys: sent at once, they are pressed one after the other
        await Promise.all(Array.from({ length: await tab.evaluate(look.watchFocus) }, () =>
          keys.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 })));
        await keys.detach();
        assert.deepEqual(await tab.evaluate(look.focusSeen), []);
      });

      it("tells right predictions from wrong ones, with the rule that a wrong one missed", async () =>
        assert.deepEqual(await tab.evaluate(look.misjudged), []));

      it("prints its content, all of it, and no navigation", async () => {
        await unfold(false);
        await tab.emulateMedia({ media: "print" });
        assert.deepEqual(await tab.evaluate(look.unfitForPaper), []);
        await tab.emulateMedia({ media: "screen" });
      });

      // All of it unfolded; what repeats is shown to axe only a few times, and rules that know no colours are asked once.
      for (const [theme, options] of [["dark", {}], ["light", { runOnly: ["color-contrast", "link-in-text-block"] }]]) {
        it(`has no violation that axe calls serious in ${theme} colours`, async () => {
          await tab.evaluate(look.shorten);
          await unfold(true);
          await choose(theme);
          assert.deepEqual(await tab.evaluate(look.violations, [axe, options]), []);
        });
      }

      it("has no error, no warning and no request that fails or leaves the folder", () => assert.deepEqual(tab.troubles, []));
    });
  }
});
