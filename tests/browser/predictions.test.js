// Predictions: made on the page, kept in the browser, and compared with what happened.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { folder, open, pages, start } from "./site.js";

const html = new Map(pages.map(page => [page, readFileSync(join(folder, page), "utf8")]));
const asking = kind => pages.filter(page => html.get(page).includes(`class="${kind}"`));
let browser, tab;
before(async () => { browser = await start(); });
after(() => browser?.close());

const result = id => tab.locator(`.rstlab-compared[data-prediction="${id}"]`);
const seen = async id => ({
  state: await result(id).getAttribute("data-state"),
  missed: await result(id).locator(".rstlab-missed:visible").evaluateAll(rules => rules.map(rule => rule.dataset.option)),
});

describe("a prediction", () => {
  afterEach(async () => {
    const troubles = [...tab?.troubles ?? []];
    await tab?.context().close();
    tab = null;
    assert.deepEqual(troubles, []);
  });

  it("is made with the keyboard, kept, and cleared", async t => {
    const [page] = asking("rstlab-options");
    if (!page) {
      t.skip("no page asks for a choice");
      return;
    }
    tab = await open(browser, page);
    const group = tab.locator("fieldset:has(.rstlab-options)").first();
    const id = await group.locator(".rstlab-options").getAttribute("data-prediction");
    const unanswered = await seen(id);
    assert.equal(unanswered.state, "open");
    assert.equal(await group.evaluate(element => element.querySelector("legend").textContent.length > 0), true);
    await group.getByRole("radio").first().focus();
    await tab.keyboard.press("Space");
    await tab.keyboard.press("ArrowDown");
    assert.equal(await group.locator("input:checked").inputValue(), "2");
    const answered = await seen(id);
    assert.notEqual(answered.state, "open");
    await group.getByRole("link").press("Enter");
    assert.ok(await result(id).evaluate(element => element.matches(":target") && element.getBoundingClientRect().top < innerHeight));
    await tab.reload();
    assert.equal(await group.locator("input:checked").inputValue(), "2");
    assert.deepEqual(await seen(id), answered);
    await group.getByRole("button").press("Enter");
    assert.equal(await group.locator("input:checked").count(), 0);
    assert.equal(await tab.evaluate(() => document.activeElement.type), "radio");
    assert.deepEqual(await seen(id), unanswered);
    await tab.reload();
    assert.equal(await group.locator("input:checked").count(), 0);
  });

  it("of a number is kept, and told right from wrong", async t => {
    const [page] = asking("rstlab-value");
    if (!page) {
      t.skip("no page asks for a number");
      return;
    }
    tab = await open(browser, page);
    const group = tab.locator("fieldset:has(.rstlab-value)").first();
    const id = await group.locator(".rstlab-value").getAttribute("data-prediction");
    const happened = Number(await result(id).getAttribute("data-happened"));
    const field = group.getByRole("spinbutton");
    await field.fill(String(happened));
    assert.equal((await seen(id)).state, "right");
    await field.fill(String(happened + 1e6));
    assert.equal((await seen(id)).state, "wrong");
    await tab.reload();
    await tab.waitForFunction(input => input.value !== "", await field.elementHandle());
    assert.equal(await field.inputValue(), String(happened + 1e6));
    await group.getByRole("button").click();
    assert.equal(await field.inputValue(), "");
    assert.equal((await seen(id)).state, "open");
  });
});
