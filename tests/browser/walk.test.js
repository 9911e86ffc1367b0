// A reader's walk through the course: themes, languages, chapters, keyboard, paper.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { axe, open, pageAt, pages, start } from "./site.js";
import { scheme, violations } from "./look.js";

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true };
let browser, tab;
before(async () => { browser = await start(); });
after(() => browser?.close());

async function follow(link) {
  const to = await link.evaluate(element => element.href);
  await link.click();
  await tab.waitForURL(to);
}
const focused = () => tab.evaluate(() => document.activeElement.outerHTML.slice(0, 120));

describe("a reader", () => {
  afterEach(async () => {
    const troubles = [...tab.troubles]; // closing may break off a request
    await tab.context().close();
    assert.deepEqual(troubles, []);
  });

  it("chooses dark or light colours, and finds them again on the next page and the next day", async () => {
    tab = await open(browser, "index.html");
    assert.equal(await tab.evaluate(scheme), "light");
    await tab.getByRole("button", { name: "Use dark colours" }).click();
    assert.equal(await tab.evaluate(scheme), "dark");
    await tab.reload();
    assert.equal(await tab.evaluate(scheme), "dark");
    await follow(tab.locator(".pager .next"));
    assert.equal(await tab.evaluate(scheme), "dark");
    await tab.getByRole("button", { name: "Use light colours" }).click();
    assert.equal(await tab.evaluate(scheme), "light");
  });

  it("has the colours of the system before choosing", async () => {
    tab = await open(browser, "index.html", { colorScheme: "dark" });
    assert.equal(await tab.evaluate(scheme), "dark");
    await tab.emulateMedia({ colorScheme: "light" });
    assert.equal(await tab.evaluate(scheme), "light");
  });

  it("sees the figures in the colours of the page", async () => {
    const page = pages.find(name => /^\d/.test(name));
    tab = await open(browser, page);
    const figure = tab.locator("figure.rstlab-figure:has(.rstlab-drawing)").first();
    await figure.scrollIntoViewIfNeeded();
    const label = figure.locator(".main-svg text").first();
    const ink = () => label.evaluate(text => getComputedStyle(text).fill);
    const light = await ink();
    await tab.getByRole("button", { name: "Use dark colours" }).click();
    await tab.waitForFunction(([before, text]) => getComputedStyle(text).fill !== before, [light, await label.elementHandle()]);
  });

  for (const index of pages.filter(page => page.endsWith("index.html"))) {
    it(`walks from ${index} through all chapters and back`, async () => {
      tab = await open(browser, index, { javaScriptEnabled: false }); // links are links; the pages open sooner
      const chapters = await tab.locator(".side ol.chapters > li > a").evaluateAll(links => links.map(link => link.href));
      assert.ok(chapters.length > 0);
      const way = [tab.url(), ...chapters, tab.url()];
      for (const [step, url] of way.entries()) {
        assert.equal(tab.url(), url);
        if (chapters.includes(url)) {
          assert.equal(await tab.locator(".side [aria-current=page]").evaluate(link => link.href), url);
        }
        if (step < way.length - 1) {
          await follow(tab.locator(".pager .next"));
        }
      }
      await tab.goBack();
      for (const url of way.slice(1, -1).toReversed()) {
        assert.equal(tab.url(), url);
        await follow(tab.locator(".pager .prev"));
      }
      assert.equal(pageAt(tab.url()), index);
    });
  }

  it("skips to the content with the keyboard", async () => {
    tab = await open(browser, "index.html");
    await tab.keyboard.press("Tab");
    assert.match(await focused(), /class="skip"/);
    assert.ok((await tab.locator(".skip").boundingBox()).y >= 0, "the link is in sight when it has the focus");
    await tab.keyboard.press("Enter");
    assert.match(await focused(), /^<main/);
    await tab.keyboard.press("Tab");
    assert.ok(await tab.evaluate(() => document.querySelector("main").contains(document.activeElement)), await focused());
  });

  it("uses the menu of a phone with the keyboard", async () => {
    tab = await open(browser, "index.html", phone);
    const menu = tab.locator(".menu");
    await menu.locator("summary").focus();
    await tab.keyboard.press("Enter");
    assert.ok(await menu.evaluate(details => details.open));
    assert.deepEqual(await tab.evaluate(violations, [axe, {}]), []);
    await tab.keyboard.press("Tab");
    await tab.keyboard.press("Escape");
    assert.ok(!await menu.evaluate(details => details.open));
    assert.match(await focused(), /^<summary/);
    await tab.keyboard.press("Space");
    await tab.keyboard.press("Tab");
    assert.match(await focused(), /^<a href/);
    assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    const to = await tab.evaluate(() => document.activeElement.getAttribute("href"));
    await tab.keyboard.press("Enter");
    await tab.waitForURL(url => pageAt(url.href) === to);
    assert.ok(!await menu.evaluate(details => details.open));
  });

  it("goes to the same page in the other language, at the same section, and back", async t => {
    tab = await open(browser, "index.html");
    const other = tab.locator("a[hreflang]");
    if (await other.count() === 0) {
      t.skip("the site has one language");
      return;
    }
    const chapter = await tab.locator(".pager .next").evaluate(link => link.href);
    await tab.goto(chapter);
    const section = await tab.locator(".here .sections a").nth(1).evaluate(link => link.hash);
    await tab.goto(chapter + section);
    const language = await tab.evaluate(() => document.documentElement.lang);
    for (const where of [await other.getAttribute("hreflang"), language]) {
      await other.click();
      await tab.waitForFunction(lang => document.documentElement.lang === lang && document.readyState === "complete", where);
      assert.equal(await tab.evaluate(() => decodeURIComponent(location.hash)), decodeURIComponent(section));
      assert.ok(await tab.evaluate(() => document.querySelector(":target")), `${tab.url()} has no such section`);
    }
    assert.equal(tab.url(), chapter + section);
  });

  for (const page of pages.filter(name => /(^|\/)(index|cheat-sheet)\.html$/.test(name))) {
    it(`prints ${page}, and has it back as it was`, async () => {
      tab = await open(browser, page);
      await tab.locator(".theme").click();
      const folded = () => tab.evaluate(() => [...document.querySelectorAll("details")].map(details => details.open).join());
      const before = await folded();
      const paper = await tab.pdf({ format: "A4" });
      assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
      assert.ok(paper.length > 10_000);
      assert.equal(await tab.evaluate(scheme), "dark");
      assert.equal(await folded(), before);
    });
  }
});
